/**
 * What `netlathe emit --target` can make. A target is a record: what it is, which options it takes, and the files that
 * it makes. A target's code is loaded when it is asked for.
 */

import type { Signer } from './android/sign.ts';
import type { BundleFiles, EmitInput, EmitOptions } from './ts/emit.ts';
import type { WeightType } from './ts/weights-file.ts';

/** Every option of every target; each target reads its own. */
export interface TargetOptions extends EmitOptions {
  readonly preprocess: 'inside' | 'outside';
  /** Of Android apps: who signs them, what they are called, whether a project for Android Studio comes with them. */
  readonly signer: Signer | undefined;
  readonly appId: string | undefined;
  readonly project: boolean;
}

/** Options that only some targets take; the command refuses them elsewhere. */
export type TargetOption =
  | 'weights'
  | 'embed'
  | 'no-relaxed'
  | 'preprocess'
  | 'key'
  | 'app-id'
  | 'project';

/** What a test of the files showed: lines for people, and the same for programs. */
export interface Proof {
  readonly lines: readonly string[];
  readonly json: object;
}

export interface EmitTarget {
  /** For the help page. */
  readonly summary: string;
  readonly takes: readonly TargetOption[];
  /** Types of weights, where it does not know all of them. */
  readonly stores?: readonly WeightType[];
  /** Whether it trains: the teacher that the recipe names goes along. */
  readonly learns?: boolean;
  readonly make: (input: EmitInput, options: TargetOptions) => Promise<BundleFiles>;
  /** Runs what is about to be written, and throws where it is wrong. */
  readonly prove?: (files: BundleFiles) => Promise<Proof>;
}

export const targets = {
  ts: {
    summary: 'a module of its own, in JavaScript and TypeScript',
    takes: ['weights', 'embed', 'no-relaxed'],
    make: async (input, options) => (await import('./ts/emit.ts')).emitModule(input, options),
    prove: async (files) => (await import('./ts/self-test.ts')).selfTest(files),
  },
  web: {
    summary: 'a page with camera and photos that works offline',
    takes: ['weights', 'no-relaxed'],
    make: async (input, options) => (await import('./web/emit.ts')).emitWeb(input, options),
    prove: async (files) => (await import('./ts/self-test.ts')).selfTest(files),
  },
  android: {
    summary: 'an app of that page that can be installed',
    takes: ['weights', 'no-relaxed', 'key', 'app-id', 'project'],
    make: async (input, options) => (await import('./android/emit.ts')).emitAndroid(input, options),
    prove: async (files) => (await import('./android/emit.ts')).proveAndroid(files),
  },
  'react-native': {
    summary: 'a module for Hermes, and a component that runs it in a WebView',
    takes: ['weights', 'no-relaxed'],
    make: async (input, options) =>
      (await import('./react-native/emit.ts')).emitReactNative(input, options),
    prove: async (files) => (await import('./react-native/prove.ts')).proveReactNative(files),
  },
  onnx: {
    summary: 'an ONNX model',
    takes: ['preprocess'],
    make: async (input, options) => (await import('./onnx/emit.ts')).emitOnnx(input, options),
  },
  tflite: {
    summary: 'a TFLite model, for LiteRT on Android and iOS',
    takes: ['weights', 'preprocess'],
    stores: ['fp32', 'fp16'],
    make: async (input, options) => (await import('./tflite/emit.ts')).emitTflite(input, options),
  },
  pytorch: {
    summary: 'a PyTorch module, and its weights as safetensors',
    takes: [],
    make: async (input) => (await import('./pytorch/emit.ts')).emitPytorch(input),
  },
  'pytorch-train': {
    summary: 'a project that trains it with PyTorch',
    takes: [],
    learns: true,
    make: async (input) => (await import('./pytorch-train/emit.ts')).emitPytorchTrain(input),
  },
  safetensors: {
    summary: 'the weights alone',
    takes: [],
    make: async (input) => (await import('./safetensors/emit.ts')).emitSafetensors(input),
  },
} as const satisfies Readonly<Record<string, EmitTarget>>;

export type TargetName = keyof typeof targets;

export const targetNames = Object.keys(targets) as readonly TargetName[];

export function targetOf(name: TargetName): EmitTarget {
  return targets[name];
}
