/**
 * Any tf.LayersModel on disk as a teacher: TensorFlow.js runs it. Its files are read from its own folder alone; layers
 * are those of TensorFlow.js and of netlathe, so nothing else of it is run.
 */

import { createHash } from 'node:crypto';
import path from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import { registerLayers, type Tf } from '../../../compiler/7-emit/tfjs/index.ts';
import {
  isListOf,
  isMap,
  isSavedMetadata,
  type SavedMetadata,
} from '../../../compiler/7-emit/tfjs/saved-model.ts';
import type { Graph } from '../../../compiler/graph/graph.ts';
import { readPlainFile } from '../../files/read-plain-file.ts';
import { reasonOf } from '../../runtime-error.ts';
import type { TeacherReference } from '../recipe.ts';
import type { Teacher } from '../teacher.ts';
import { TrainError } from '../train-error.ts';
import { openTfjs } from './open.ts';

type Reference = Extract<TeacherReference, { kind: 'model' }>;

const limits = { modelBytes: 64 << 20, shardBytes: 1 << 30, shards: 4096 } as const;

export interface OpenedModel {
  /** Why it is slow, where it could be faster. */
  readonly note: string | undefined;
  /** Sizes and normalisation that the model leaves open are those of the student. */
  readonly teacherOf: (student: Pick<Graph, 'input' | 'preprocessing'>) => Teacher;
}

export async function openModelTeacher(reference: Reference): Promise<OpenedModel> {
  const file = reference.model.endsWith('.json')
    ? reference.model
    : path.join(reference.model, 'model.json');
  const refuse = refusal(file);
  const files = await readFiles(file, refuse);
  const { tf, note } = await openTfjs();
  registerLayers(tf);
  const model = await tf
    .loadLayersModel(tf.io.fromMemory(files.artifacts))
    .catch((error: unknown) => refuse(`TensorFlow.js cannot load it: ${reasonOf(error)}`));
  const slow = note?.split(':')[0];
  return {
    note: slow && `${slow}: the teacher runs on the plain CPU backend of TensorFlow.js, slowly`,
    teacherOf: (student) => teacherOf(tf, model, { reference, files, student, refuse }),
  };
}

type Refuse = (message: string) => never;

function refusal(file: string): Refuse {
  return (message) => {
    throw new TrainError({ code: 'E546', message, path: file });
  };
}

interface Files {
  readonly artifacts: tfjs.io.ModelArtifacts;
  readonly metadata: SavedMetadata | undefined;
  readonly fingerprint: string;
}

async function readFiles(file: string, refuse: Refuse): Promise<Files> {
  const hash = createHash('sha256');
  const read = async (name: string, limit: number) => {
    const bytes = await readPlainFile(name, { limitBytes: limit }).catch((error: unknown) =>
      refuse(`${path.basename(name)} cannot be read: ${reasonOf(error)}`),
    );
    hash.update(bytes);
    return bytes;
  };
  const model = parse(await read(file, limits.modelBytes), refuse);
  const { modelTopology, weightsManifest, userDefinedMetadata } = model;
  if (!isMap(modelTopology)) return refuse('it is no tf.LayersModel: it has no modelTopology');
  if (!isListOf(weightsManifest, isGroup)) return refuse('its list of weights is malformed');
  const shards = weightsManifest.flatMap(({ paths }) => paths);
  if (shards.length > limits.shards) return refuse('its weights are in too many files');
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const shard of shards) {
    if (path.basename(shard) !== shard) return refuse(`its weights lie outside of it: ${shard}`);
    parts.push(await read(path.join(path.dirname(file), shard), limits.shardBytes));
  }
  const saved = isMap(userDefinedMetadata) ? userDefinedMetadata.netlathe : undefined;
  return {
    artifacts: {
      modelTopology,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      weightData: joined(parts),
    },
    metadata: isSavedMetadata(saved) ? saved : undefined,
    fingerprint: hash.digest('hex'),
  };
}

function parse(bytes: Uint8Array, refuse: Refuse): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isMap(value)) return value;
  } catch (error) {
    return refuse(`it is no JSON: ${reasonOf(error)}`);
  }
  return refuse('it is no tf.LayersModel');
}

interface Group {
  readonly paths: readonly string[];
  readonly weights: readonly tfjs.io.WeightsManifestEntry[];
}

function isGroup(value: unknown): value is Group {
  return (
    isMap(value) &&
    isListOf(value.paths, (p) => typeof p === 'string') &&
    isListOf(value.weights, (w): w is tfjs.io.WeightsManifestEntry => isMap(w))
  );
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): ArrayBuffer {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}

interface Given {
  readonly reference: Reference;
  readonly files: Files;
  readonly student: Pick<Graph, 'input' | 'preprocessing'>;
  readonly refuse: Refuse;
}

function teacherOf(tf: Tf, model: tfjs.LayersModel, given: Given): Teacher {
  const { reference, files, student, refuse } = given;
  const [input, ...more] = model.inputs;
  const [output, ...others] = model.outputs;
  if (!input || !output || more.length > 0 || others.length > 0) {
    return refuse('it has more than one input or output');
  }
  const [, height, width, channels] = input.shape;
  const [, outputs] = output.shape;
  if (input.shape.length !== 4)
    return refuse('its input is no image: [batch, height, width, channels]');
  if (output.shape.length !== 2 || !outputs) return refuse('its output is no row of classes');
  const shape = {
    height: height ?? student.input.height,
    width: width ?? student.input.width,
    channels: channels ?? student.input.channels,
  };
  const preprocessing = normalisation(given, shape.channels);
  const probabilities = endsInSoftmax(model, refuse);
  const logits = (view: Float32Array) =>
    tf.tidy(() => {
      const { height: h, width: w, channels: c } = shape;
      const x = tf.tensor4d(view.slice(), [view.length / (h * w * c), h, w, c]);
      const rows = (model.predict(x) as tfjs.Tensor).dataSync<'float32'>();
      // A constant apart, which no softened probability depends on.
      return probabilities ? rows.map((p) => Math.log(Math.max(p, 1e-30))) : rows.slice();
    });
  const { metadata, fingerprint } = files;
  return {
    name: metadata?.name ?? model.name,
    reference: reference.model,
    classes: reference.classes ?? (metadata?.labelled ? metadata.classes : undefined),
    fingerprint,
    parameters: model.countParams(),
    network: {
      kind: 'model',
      eyes: { input: shape, preprocessing },
      outputs,
      logits,
      close: () => model.dispose(),
    },
  };
}

/** What the recipe says, else what netlathe saved with the model, else as the student has it. */
function normalisation({ reference, files, student, refuse }: Given, channels: number) {
  const known = files.metadata?.preprocessing ?? student.preprocessing;
  const of = (which: 'mean' | 'std') => {
    const values = reference[which] ?? known[which];
    if (reference[which] && values.length !== channels) {
      return refuse(
        `it takes ${channels} channels, the recipe gives ${values.length} for ${which}`,
      );
    }
    return Array.from({ length: channels }, (_, c) => values[c] ?? (values[0] as number));
  };
  const std = of('std');
  if (std.some((s) => !(s > 0))) return refuse('the recipe gives a std that is not above 0');
  return { mean: of('mean'), std };
}

function endsInSoftmax(model: tfjs.LayersModel, refuse: Refuse): boolean {
  const last = model.layers.at(-1);
  const kind = last?.getClassName();
  const activation = kind === 'Softmax' ? 'softmax' : last?.getConfig().activation;
  if (activation === 'sigmoid') return refuse('it ends in a sigmoid, not in logits or softmax');
  return activation === 'softmax';
}
