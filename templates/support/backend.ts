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
    const bound = backend === 'js' ? bindPlain(spec, factories) : await bindWasm(spec, backend);
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
async function bindWasm(spec: ModelSpec, backend: 'relaxed' | 'simd'): Promise<Bound | undefined> {
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
  return { backend, memory: memory.buffer, kernels };
}

function bindPlain(spec: ModelSpec, factories: Readonly<Record<string, KernelFactory>>): Bound {
  const memory = new ArrayBuffer(Math.ceil(spec.info.memoryBytes / pageBytes) * pageBytes);
  const floats = new Float32Array(memory);
  const kernels = spec.kernels.map((name) => (factories[name] as KernelFactory)(floats));
  return { backend: 'js', memory, kernels };
}
