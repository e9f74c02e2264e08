/** What a module is made of, and what it offers. */

/** Which kernels run: WASM with fused multiply-adds, WASM that gives the trainer's bits, or plain JavaScript. */
export type Backend = 'relaxed' | 'simd' | 'js';

/** RGB or RGBA bytes, row by row; an ImageData is one. Transparency is laid over white. */
export interface PixelImage {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** A Float32Array is the network's input itself: [height, width, channels], normalised. */
export type ImageInput = PixelImage | Float32Array;

export interface CreateOptions {
  /** The contents of weights.bin; not needed where they are embedded. */
  readonly weights?: ArrayBuffer | Uint8Array;
  /** `auto`, the default, takes the fastest that runs here. */
  readonly backend?: Backend | 'auto';
}

export interface PredictOptions {
  /** How many classes at most; all, if not given. */
  readonly topK?: number;
  /** Classes with a lower score are left out. */
  readonly threshold?: number;
}

export interface Prediction<L extends string = string> {
  readonly label: L;
  /** Softmax probability. */
  readonly score: number;
  readonly index: number;
}

export interface SelfTestResult {
  readonly passed: boolean;
  readonly backend: Backend;
  /** Whether every logit has the bits that were recorded; `simd` must, and with int8 weights all backends. */
  readonly exact: boolean;
  readonly maxDifference: number;
  readonly tolerance: number;
  readonly vectors: number;
}

export interface ModelInfo {
  readonly name: string;
  readonly backend: Backend;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  readonly classes: number;
  readonly weights: 'fp32' | 'fp16' | 'int8';
  readonly weightBytes: number;
  /** All that a model holds, weights and activations. */
  readonly memoryBytes: number;
  readonly params: number;
  readonly macs: number;
  /** SHA-256 of the architecture it was made from. */
  readonly source: string;
  /** The version of netlathe that made it. */
  readonly netlathe: string;
}

export interface Model<L extends string = string> {
  readonly info: ModelInfo;
  readonly labels: readonly L[];
  /** Best first. */
  predict(image: ImageInput, options?: PredictOptions): Prediction<L>[];
  /** Into `into`, or into an array of the model's own that the next call overwrites. */
  logits(image: ImageInput, into?: Float32Array): Float32Array;
  /** Runs the recorded images and compares with the trainer's logits. */
  selfTest(): SelfTestResult;
  /** Lets go of the memory; the model cannot be used afterwards. */
  dispose(): void;
}

/** A recorded image, drawn anew from its seed, and the logits that the trainer gave. */
export interface TestVector {
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  /** Little-endian float32, base64. */
  readonly logits: string;
}

/** The numbers of a model, as netlathe writes them. */
export interface ModelSpec {
  readonly info: Omit<ModelInfo, 'backend'>;
  readonly labels: readonly string[];
  readonly resize: 'stretch' | 'cover' | 'fit';
  /** Of each channel: scales, then shifts. */
  readonly norms: readonly number[];
  /** Byte offsets of the network's input and of its logits. */
  readonly image: number;
  readonly logits: number;
  readonly weights: {
    readonly bytes: number;
    readonly hash: number;
    /** In the order of the file: byte offset in memory, number of values, bytes a value: 4, 2 or 1. */
    readonly parts: readonly (readonly [number, number, number])[];
    /** Base64, where they are embedded. */
    readonly data?: string;
  };
  readonly kernels: readonly string[];
  /** Each step: which kernel, then its arguments, buffers as byte offsets. */
  readonly steps: readonly (readonly number[])[];
  readonly tests: readonly TestVector[];
  /** By how much, as a share of the largest logit, each backend may miss the recorded logits. */
  readonly tolerance: Readonly<Record<Backend, number>>;
  readonly wasm: { readonly simd?: string; readonly relaxed?: string };
}

export type KernelFunction = (...args: number[]) => void;
/** Makes the plain form of a kernel over a memory. */
export type KernelFactory = (memory: Float32Array) => KernelFunction;
