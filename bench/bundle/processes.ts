/** The runtimes that run as processes: in Node, and natively from Python. */

import path from 'node:path';
import type { PeerCommand } from '../shared/peer.ts';
import type { Artifacts } from './artifacts.ts';

export interface RuntimeCommand extends PeerCommand {
  readonly own: boolean;
  /** What a page would have to load for it. */
  readonly code: readonly string[];
}

export interface Peers {
  /** Where setup.sh put them. */
  readonly folder: string;
  readonly python: string;
  /** netlathe's layers for tfjs, built. */
  readonly layers: string;
}

const isNode20 = process.versions.node.startsWith('20.');
const relaxedFlag = isNode20 ? ['--experimental-wasm-relaxed-simd'] : [];

/** The first compiler of Node 20 gets the relaxed dot product wrong, so int8 refuses it there: the second is asked at once. */
function flagsFor(weights: string, backend: string): readonly string[] {
  const second = isNode20 && weights === 'int8' && backend === 'relaxed';
  return [...relaxedFlag, ...(second ? ['--no-liftoff'] : [])];
}

export function ownCommands({ bundles, image }: Artifacts): readonly RuntimeCommand[] {
  return bundles.flatMap(({ weights, folder }) =>
    ['simd', 'relaxed', 'js'].map((backend) => ({
      own: true,
      command: process.execPath,
      args: [
        ...flagsFor(weights, backend),
        script('serve.mjs'),
        'netlathe',
        image,
        folder,
        backend,
      ],
      code: [path.join(folder, 'model.mjs')],
    })),
  );
}

export function peerCommands(artifacts: Artifacts, peers: Peers): readonly RuntimeCommand[] {
  const { folder, image, graph } = artifacts;
  const size = [graph.input.height, graph.input.width].map(String);
  const modules = (file: string) => path.join(peers.folder, 'node_modules', file);
  const node = (args: readonly string[], code: readonly string[]): RuntimeCommand => ({
    own: false,
    command: process.execPath,
    args: [...relaxedFlag, script('serve.mjs'), ...args],
    code,
  });
  const native = (runtime: string): RuntimeCommand => ({
    own: false,
    command: peers.python,
    args: [script('native.py'), runtime, folder, image, ...size],
    code: [],
  });
  return [
    node(['ort-web', image, folder, peers.folder, ...size], ortFiles.map(modules)),
    node(['tfjs-wasm', image, folder, peers.folder, peers.layers], tfjsFiles.map(modules)),
    native('onnxruntime'),
    native('litert'),
  ];
}

export const ortFiles = [
  'onnxruntime-web/dist/ort.wasm.min.mjs',
  'onnxruntime-web/dist/ort-wasm-simd-threaded.mjs',
  'onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
] as const;
export const tfjsFiles = [
  '@tensorflow/tfjs/dist/tf.min.js',
  '@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js',
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
] as const;

function script(file: string): string {
  return path.join(import.meta.dirname, 'runtimes', file);
}
