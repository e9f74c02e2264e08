import { bytesOfBase64 } from './base64.ts';
import type { Backend, KernelFactory, KernelFunction, ModelSpec } from './types.ts';

export interface Bound {
  readonly backend: Backend;
  readonly memory: ArrayBuffer;
  readonly kernels: readonly KernelFunction[];
}

const pageBytes = 65536;

/** The kernels of the backend that was asked for; `auto` tries the fastest first. */
export async function bindKernels(
  spec: ModelSpec,
  factories: Readonly<Record<string, KernelFactory>>,
  wanted: Backend | 'auto',
): Promise<Bound> {
  const order: readonly Backend[] = wanted === 'auto' ? ['relaxed', 'simd', 'js'] : [wanted];
  for (const backend of order) {
    const bound =
      backend === 'js' ? bindPlain(spec, factories) : await bindWasm(spec, factories, backend);
    if (bound) return bound;
  }
  throw new Error(`the backend "${wanted}" does not run here`);
}

/** (func (param v128 v128 v128) (result v128) local.get 0..2 f32x4.relaxed_madd): the smallest module that needs it. */
const relaxedProbe = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b],
  ...[0x7b, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00, 0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20],
  ...[0x01, 0x20, 0x02, 0xfd, 0x85, 0x02, 0x0b],
);

/** Nothing where there is no WebAssembly, where it lacks the instructions, or where a policy of the page forbids it. */
async function bindWasm(
  spec: ModelSpec,
  factories: Readonly<Record<string, KernelFactory>>,
  backend: 'relaxed' | 'simd',
): Promise<Bound | undefined> {
  const code = spec.wasm[backend];
  if (code === undefined || typeof WebAssembly !== 'object') return undefined;
  // The probe is a few bytes; the kernels themselves are tried without asking, which would compile them twice.
  if (backend === 'relaxed' && !WebAssembly.validate(relaxedProbe)) return undefined;
  const bytes = bytesOfBase64(code);
  const pages = Math.ceil(spec.info.memoryBytes / pageBytes);
  let memory: WebAssembly.Memory;
  let instance: WebAssembly.Instance;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    ({ instance } = await WebAssembly.instantiate(bytes, { env: { memory } }));
  } catch {
    return undefined;
  }
  const kernels = spec.kernels.map((name) => instance.exports[name] as KernelFunction);
  if (backend === 'relaxed' && !multipliesBytes(spec, factories, kernels, memory.buffer)) {
    return undefined;
  }
  return { backend, memory: memory.buffer, kernels };
}

/**
 * Whether the relaxed product of bytes is right here: an early V8 (11.3) clobbers a register in its first, unoptimised
 * code. That is what runs now, and every product in it is made of numbers that show a wrong one.
 */
function multipliesBytes(
  spec: ModelSpec,
  factories: Readonly<Record<string, KernelFactory>>,
  kernels: readonly KernelFunction[],
  memory: ArrayBuffer,
): boolean {
  const index = spec.kernels.indexOf('convolveBytes');
  const product = kernels[index];
  const form = factories.convolveBytes;
  if (!product || !form) return true;
  const [rows, depth, channels] = [7, 12, 16];
  const places = { input: 1024, packed: 2048, output: 4096, size: 8192 };
  const start = new ArrayBuffer(places.size);
  const view = new DataView(start);
  for (let i = 0; i < rows * depth; i++) view.setUint8(places.input + i, (i * 37 + 11) & 127);
  const panel = 128 + 32 * (depth / 4);
  for (let p = 0; p < 2; p++) {
    const at = places.packed + p * panel;
    for (let j = 0; j < 8; j++) {
      view.setInt32(at + 4 * j, 9000 * j - 20000 * p, true);
      view.setFloat32(at + 32 + 4 * j, 1 / 512, true);
      view.setFloat32(at + 64 + 4 * j, 64, true);
    }
    for (let i = 128; i < panel; i++) view.setInt8(at + i, ((i * 53) % 255) - 127);
  }
  const { input, packed, output } = places;
  const sizes = [1, rows, depth, 1, rows, channels, 1, 1, 1, 1, 1, 1, 0, 0, 1];
  const call = [input, packed, packed, input, output, 0, ...sizes, 0, 0, 127, 0, 0, 0, 1];
  const expected = new Uint8Array(start.slice(0));
  form(new Float32Array(expected.buffer))(...call);
  const actual = new Uint8Array(memory, 0, places.size);
  actual.set(new Uint8Array(start));
  product(...call);
  const right = actual.every((byte, i) => byte === expected[i]);
  actual.fill(0);
  return right;
}

function bindPlain(spec: ModelSpec, factories: Readonly<Record<string, KernelFactory>>): Bound {
  const memory = new ArrayBuffer(Math.ceil(spec.info.memoryBytes / pageBytes) * pageBytes);
  const floats = new Float32Array(memory);
  const kernels = spec.kernels.map((name) => (factories[name] as KernelFactory)(floats));
  return { backend: 'js', memory, kernels };
}
