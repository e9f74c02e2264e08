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
  /** Whether threads must meet before it: it touches what another thread's part of an earlier step touched. */
  readonly barrier: boolean;
  readonly macs: number;
  /** Bytes read and written, each buffer once. */
  readonly bytes: number;
}

/** A list of steps that is run as a whole. */
export interface Schedule {
  readonly name: string;
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
