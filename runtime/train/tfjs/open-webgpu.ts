/**
 * TensorFlow.js on a GPU from Node: its WebGPU backend, which is made for browsers, on Dawn, which brings WebGPU to Node
 * as the npm package `webgpu`. Both are optional peers.
 *
 * The backend reports failures as events of its device and goes on with zeros; here they end the work.
 */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type * as tfjs from '@tensorflow/tfjs';
import { importTfjs, type Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import { RuntimeError, reasonOf } from '../../runtime-error.ts';
import { TrainError } from '../train-error.ts';
import type { Guard } from './guard.ts';
import { type OpenedTfjs, whyMissing } from './open.ts';

const backendPackage = '@tensorflow/tfjs-backend-webgpu';
const dawnPackage = 'webgpu';
export const webgpuPeers = { [backendPackage]: '4.22.0', [dawnPackage]: '0.6.2' } as const;

/** What is used of WebGPU. */
interface Device {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener(type: 'uncapturederror', heard: (event: DeviceErrorEvent) => void): void;
  destroy(): void;
}

interface DeviceErrorEvent {
  readonly error: { readonly message: string };
  preventDefault?(): void;
}

interface Adapter {
  readonly limits: Readonly<Record<string, number>>;
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  requestDevice(asked: { requiredLimits: Readonly<Record<string, number>> }): Promise<Device>;
}

interface Gpu {
  requestAdapter(asked: { powerPreference: 'high-performance' }): Promise<Adapter | null>;
}

interface Dawn {
  create(options: readonly string[]): Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
}

interface WebgpuModule {
  readonly WebGPUBackend: new (device: Device, info: Adapter['info']) => tfjs.KernelBackend;
}

/** What a device gives only where it is asked for: all that the adapter has. */
const limits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

export async function openWebgpu(from: string): Promise<OpenedTfjs> {
  const { dawn, WebGPUBackend } = await loadPeers(from);
  const tf = await importTfjs();
  const { gpu, adapter } = await findGpu(dawn);
  const { info } = adapter;
  const requiredLimits = Object.fromEntries(
    limits.map((name) => [name, adapter.limits[name] ?? 0]),
  );
  const device = await adapter.requestDevice({ requiredLimits }).catch((error: unknown) => {
    throw cannotUse(`the GPU (${info.description}) gives no device: ${firstLine(error)}`);
  });
  const failures = failuresOf(device);
  const held: Held = { gpu };
  Object.assign(globalThis, dawn.globals);
  const backend = asInBrowser(gpu, () => new WebGPUBackend(device, info));
  tf.registerBackend('webgpu', () => backend);
  await tf.setBackend('webgpu');
  const software = info.isFallbackAdapter === true || info.architecture === 'swiftshader';
  const name = info.description || `${info.vendor} ${info.architecture}`;
  return {
    tf,
    backend: 'webgpu',
    device: name,
    note: software ? `${name} computes on the CPU: slower than any other engine` : undefined,
    guard: guardOf(failures, name),
    close: () => close(tf, held, device, failures),
  };
}

async function loadPeers(from: string) {
  const require = createRequire(from);
  const load = async <T>(name: string, how: () => T | Promise<T>): Promise<T> => {
    try {
      return await how();
    } catch (error) {
      throw cannotUse(whyMissing(name, error), installPeers);
    }
  };
  // An ES module, which `require` does not load on Node 20.
  const dawn = await load(
    dawnPackage,
    () => import(pathToFileURL(require.resolve(dawnPackage)).href) as Promise<Dawn>,
  );
  const { WebGPUBackend } = await load(
    backendPackage,
    () => require(backendPackage) as WebgpuModule,
  );
  return { dawn, WebGPUBackend };
}

const wanted = Object.entries(webgpuPeers).map(([name, version]) => `${name}@${version}`);
const installPeers = `npm install ${wanted.join(' ')} beside netlathe, or leave out --backend`;

async function findGpu(dawn: Dawn): Promise<{ readonly gpu: Gpu; readonly adapter: Adapter }> {
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return { gpu, adapter };
  throw cannotUse(
    'there is no GPU that WebGPU can use',
    'it needs a driver for Vulkan, Metal or Direct3D 12; docs/training.md says how to try it without a GPU',
  );
}

function cannotUse(message: string, hint = 'use --engine wasm'): TrainError {
  return new TrainError({ code: 'E551', message, hint });
}

/** The backend believes only in browsers, and looks only while it is made. */
function asInBrowser<T>(gpu: Gpu, make: () => T): T {
  const given = { navigator: { gpu }, WorkerGlobalScope: Object };
  const before = Object.keys(given).map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  );
  try {
    for (const [name, value] of Object.entries(given)) {
      Object.defineProperty(globalThis, name, { value, configurable: true });
    }
    return make();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
}

/** Dawn goes away with this object, and with it the ground under its devices, so that it must outlive them. */
interface Held {
  gpu: Gpu | undefined;
}

interface Failures {
  first: string | undefined;
  closing: boolean;
}

function failuresOf(device: Device): Failures {
  const failures: Failures = { first: undefined, closing: false };
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault?.();
    failures.first ??= firstLine(event.error);
  });
  device.lost.then(({ message }) => {
    if (!failures.closing) failures.first ??= `it was lost: ${message}`;
  });
  return failures;
}

function guardOf(failures: Failures, name: string): Guard {
  const failed = (reason: string, cause?: unknown) =>
    new TrainError({
      code: 'E552',
      message: `the GPU (${name}) cannot do this: ${reason}`,
      hint: 'a smaller batch takes less of its memory; --engine wasm trains every network',
      cause,
    });
  return async (work) => {
    let result: Awaited<ReturnType<typeof work>>;
    try {
      result = await work();
    } catch (error) {
      if (failures.first !== undefined) throw failed(failures.first, error);
      // Ours, or an end by the user; all else is TensorFlow.js' own refusal.
      if (error instanceof RuntimeError || (error as Error).name === 'AbortError') throw error;
      throw failed(firstLine(error), error);
    }
    if (failures.first !== undefined) throw failed(failures.first);
    return result;
  };
}

async function close(tf: Tf, held: Held, device: Device, failures: Failures): Promise<void> {
  if (failures.closing) return;
  failures.closing = true;
  tf.removeBackend('webgpu');
  device.destroy();
  await device.lost;
  held.gpu = undefined;
  await tf.setBackend('cpu');
}

function firstLine(error: unknown): string {
  const text =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return (reasonOf(text).split('\n')[0] ?? '').trim();
}
