/**
 * What a kernel is. Each kernel exists twice: an AssemblyScript function of the same name in `wasm/`, which is fast,
 * and the `plain` function below, which is the specification. Both take the same arguments in the same order, so a
 * Program can be run by either: over a shared WebAssembly memory, or over an ordinary Float32Array or Float64Array.
 */

/** A float buffer of the arena, read (`in`), written (`out`) or accumulated into (`inout`); bytes; or a scalar. */
export type ArgKind = 'in' | 'out' | 'inout' | 'u8' | 'u8out' | 'i32' | 'f32';

export type Floats = Float32Array | Float64Array;

export type KernelArgs = Readonly<Record<string, ArgKind>>;

/** What the plain twin receives: each buffer is a view that starts at the buffer's first element. */
export type BoundArgs<A extends KernelArgs> = {
  readonly [K in keyof A]: A[K] extends 'i32' | 'f32'
    ? number
    : A[K] extends 'u8' | 'u8out'
      ? Uint8Array
      : Floats;
};

export interface Kernel<A extends KernelArgs = KernelArgs> {
  readonly name: string;
  /** In call order. The WASM function takes byte offsets for buffers, then `begin` and `end`. */
  readonly args: A;
  /** What one step of the range [begin, end) is: `image`, `channel`, `chunk of 4096 elements`, ... */
  readonly unit: string;
  /** A method, so that a record of any arguments is a Kernel. */
  plain(args: BoundArgs<A>, begin: number, end: number): void;
}

export function kernel<const A extends KernelArgs>(spec: Kernel<A>): Kernel<A> {
  return spec;
}
