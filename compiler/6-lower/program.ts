/**
 * A Program: what a Graph becomes for the engine. Lists of kernel calls over one arena whose layout is fixed here, at
 * compile time. The trainer and the emitted module read the same thing.
 */

/** A stretch of the arena. */
export interface Buffer {
  readonly label: string;
  /** Float32 values; for `u8` buffers, bytes. */
  readonly elements: number;
  readonly type: 'f32' | 'u8';
  /** `kept` buffers outlive a run: weights, statistics, optimizer state, inputs and outputs. */
  readonly lifetime: 'kept' | 'run';
  /** In bytes from the start of the memory. */
  readonly offset: number;
  /**
   * There if only a block of it exists at a time, one in each thread: kernels get it at `offset`, and `threadBytes`
   * further for each thread and `blockBytes` less for each block before theirs.
   */
  readonly local?: { readonly threadBytes: number; readonly blockBytes: number };
}

/** A number that changes from run to run, such as the learning rate. */
export interface ScalarSlot {
  readonly scalar: string;
}

export type Argument = number | Buffer | ScalarSlot | 'slot';

export interface Step {
  readonly kernel: string;
  /** The layer it belongs to, for printing and profiles. */
  readonly layer: string;
  /** In the order of the kernel's record, without the range. */
  readonly args: readonly Argument[];
  /** Size of the work range that the threads share. */
  readonly units: number;
  readonly macs: number;
  /** Bytes read and written, each buffer once. */
  readonly bytes: number;
}

/** Steps between two meetings of the threads. Each block, the same share of every step's range, is one thread's. */
export interface Phase {
  readonly blocks: number;
  readonly steps: readonly Step[];
}

/** A list of phases that is run as a whole. */
export interface Schedule {
  readonly name: string;
  readonly phases: readonly Phase[];
  /** Those of all phases. */
  readonly steps: readonly Step[];
}

export interface Program {
  readonly buffers: readonly Buffer[];
  readonly schedules: readonly Schedule[];
  /** Names of all scalars, in the order of the scalar table. */
  readonly scalars: readonly string[];
  /** Bytes of memory, all buffers included. */
  readonly bytes: number;
  /** Threads that scratch space is laid out for. */
  readonly threads: number;
}
