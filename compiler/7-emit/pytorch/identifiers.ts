/**
 * The only ways by which a name or a value of a user enters Python code. A name becomes an attribute if every character
 * is on the list and Python and torch.nn.Module leave it free; text becomes a string of printable ASCII.
 */

/** Words of Python, and names that every module has: an attribute so called would hide it, or be refused. */
const taken = new Set(
  [
    'False None True and as assert async await break class continue def del elif else except finally for from global',
    'if import in is lambda nonlocal not or pass raise return try while with yield match case type print self',
    'T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval',
    'extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules',
    'mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer',
    'register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook',
    'register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter',
    'register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory',
    'state_dict to to_empty train training xpu zero_grad',
  ].flatMap((line) => line.split(' ')),
);

/** A segment of a layer's name as an attribute; the same for the same segment. */
export function attributeName(segment: string): string {
  const plain = segment.replace(/[^A-Za-z0-9_]/g, '_');
  return /^[A-Za-z]/.test(plain) && !taken.has(plain) ? plain : `layer_${plain}`;
}

/** `squeezeExcite_3` as `SqueezeExcite`. */
export function className(segment: string): string {
  const words = attributeName(segment)
    .replace(/(_\d+)+$/, '')
    .split('_')
    .filter((word) => word !== '');
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  return /^[A-Za-z]/.test(name) && name !== 'None' && name !== 'True' && name !== 'False'
    ? name
    : 'Part';
}

/** The first of `name`, `name_2`, `name_3`, ... that is free. */
export function unique(name: string, used: ReadonlySet<string>, separator = '_'): string {
  if (!used.has(name)) return name;
  for (let i = 2; ; i++) {
    const numbered = `${name}${separator}${i}`;
    if (!used.has(numbered)) return numbered;
  }
}

/** A string literal. Lone surrogates keep their code. */
export function pythonText(value: string): string {
  const escaped = Array.from(value, (character) => {
    const code = character.codePointAt(0) as number;
    if (character === '"' || character === '\\') return `\\${character}`;
    if (code >= 0x20 && code < 0x7f) return character;
    const hex = code.toString(16);
    return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

export function pythonNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`netlathe bug: ${value} in generated code`);
  return String(value);
}

/** `3` where both are the same, as PyTorch takes it. */
export function pythonPair([a, b]: readonly [number, number]): string {
  return a === b ? pythonNumber(a) : `(${pythonNumber(a)}, ${pythonNumber(b)})`;
}
