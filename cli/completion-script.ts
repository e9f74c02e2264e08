/** Completion scripts for shells. All words in them are netlathe's own; none comes from a user. */

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export interface Words {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly {
    readonly long: string;
    readonly short: string;
    readonly text: string;
    readonly takesValue: boolean;
  }[];
}

export function completionScript(
  shell: Shell,
  commands: readonly Words[],
  zoo: readonly string[],
): string {
  return { bash, zsh, fish }[shell](commands, zoo);
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function bash(commands: readonly Words[], zoo: readonly string[]): string {
  const cases = commands.map(({ name, options }) => {
    const flags = options.flatMap((o) => [o.long, o.short]).filter((f) => f !== '');
    return `    ${name}) options=${quoted(flags.join(' '))} ;;`;
  });
  return `# netlathe completion for bash. Made by: netlathe completion bash
_netlathe() {
  local current=\${COMP_WORDS[COMP_CWORD]} command='' options='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -* ]] || { command=$word; break; }
  done
  case $command in
    '') COMPREPLY=($(compgen -W ${quoted(
      commands
        .map((c) => c.name)
        .concat('help', '--help', '--version')
        .join(' '),
    )} -- "$current")); return ;;
${cases.join('\n')}
    help) COMPREPLY=($(compgen -W ${quoted(commands.map((c) => c.name).join(' '))} -- "$current")); return ;;
    completion) COMPREPLY=($(compgen -W '${shells.join(' ')}' -- "$current")); return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
    return
  fi
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W ${quoted(zoo.join('\n'))} -- "$current") $(compgen -f -X '!*.yaml' -- "$current") $(compgen -f -X '!*.yml' -- "$current") $(compgen -d -S / -- "$current"))
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
}
complete -o filenames -F _netlathe netlathe
`.replace(/^ {4}completion\) options=.*\n/m, '');
}

function zsh(commands: readonly Words[], zoo: readonly string[]): string {
  const clean = (text: string) => text.replaceAll(/[[\]:\\]/g, (c) => `\\${c}`);
  const list = commands.map((c) => `    ${quoted(`${c.name}:${clean(c.summary)}`)}`);
  const cases = commands.map(({ name, options }) => {
    const specs = options.flatMap((o) =>
      [o.long, o.short]
        .filter((f) => f !== '')
        .map(
          (f) =>
            `        ${quoted(`${f}[${clean(o.text)}]${o.takesValue ? ':value:_files' : ''}`)}`,
        ),
    );
    const rest =
      name === 'completion'
        ? `'1:shell:(${shells.join(' ')})'`
        : `'*:architecture:_netlathe_networks'`;
    return `    ${name})\n      _arguments \\\n${specs.join(' \\\n')} \\\n        ${rest} ;;`;
  });
  return `#compdef netlathe
# netlathe completion for zsh. Made by: netlathe completion zsh
_netlathe_networks() {
  local -a zoo=(${zoo.map(quoted).join(' ')})
  _alternative "zoo:network:($zoo)" 'files:file:_files'
}
_netlathe() {
  local -a commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _netlathe ]]; then _netlathe "$@"; else compdef _netlathe netlathe; fi
`;
}

function fish(commands: readonly Words[], zoo: readonly string[]): string {
  const escaped = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c netlathe -n __fish_use_subcommand -f -a ${name} -d ${escaped(summary)}`,
    ...options.map((o) => {
      const long = o.long ? ` -l ${o.long.slice(2)}` : '';
      const short = o.short ? ` -s ${o.short.slice(1)}` : '';
      return `complete -c netlathe -n '__fish_seen_subcommand_from ${name}'${long}${short}${o.takesValue ? ' -r' : ''} -d ${escaped(o.text)}`;
    }),
  ]);
  const takers = commands
    .map((c) => c.name)
    .filter((n) => n !== 'completion')
    .join(' ');
  return `# netlathe completion for fish. Made by: netlathe completion fish
${lines.join('\n')}
complete -c netlathe -n '__fish_seen_subcommand_from ${takers}' -a ${escaped(zoo.join(' '))} -d network
complete -c netlathe -n '__fish_seen_subcommand_from completion' -f -a '${shells.join(' ')}'
`;
}
