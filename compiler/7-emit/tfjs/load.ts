/**
 * Reads back a folder that `save` wrote, or that claims so. model.json is a stranger's file: it names no files, its
 * sizes are checked against the bytes there are, and nothing of it is run. The network itself comes from the Graph.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ReadRefusal, readPlainFile } from '../../../runtime/files/read-plain-file.ts';
import { reasonOf, systemCode } from '../../../runtime/runtime-error.ts';
import type { Weight, WeightStore } from '../../weights/store.ts';
import { WeightsError } from '../../weights/weights-error.ts';
import { parseWeightName } from './names.ts';
import {
  isListOf,
  isMap,
  isSavedMetadata,
  modelFile,
  type SavedMetadata,
  weightsFile,
} from './saved-model.ts';

export interface LoadedTfjsModel {
  readonly metadata: SavedMetadata;
  /** By the names of netlathe: `layer.kernel`. `mismatches` tells whether they fit a Graph. */
  readonly weights: WeightStore;
  /** For tf.io.fromMemory, where the folder is trusted: tfjs builds whatever the topology says. */
  readonly artifacts: {
    readonly modelTopology: object;
    readonly weightSpecs: readonly WeightManifestEntry[];
    readonly weightData: ArrayBuffer;
  };
}

export interface WeightManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32';
}

export const tfjsLimits = {
  modelBytes: 32 * 1024 * 1024,
  weightBytes: 1024 * 1024 * 1024,
  weights: 4096,
  rank: 4,
} as const;

export async function loadTfjsModel(dir: string): Promise<LoadedTfjsModel> {
  const modelPath = join(dir, modelFile);
  const weightsPath = join(dir, weightsFile);
  const { metadata, entries, modelTopology } = parseModel(
    await read(modelPath, tfjsLimits.modelBytes),
    modelPath,
  );
  const data = await read(weightsPath, tfjsLimits.weightBytes);
  if (createHash('sha256').update(data).digest('hex') !== metadata.weightsSha256) {
    throw new WeightsError('E804', 'these are not the bytes that model.json was saved with', {
      path: weightsPath,
      hint: 'save the model again, or copy both files of it',
    });
  }
  return {
    metadata,
    weights: cut(entries, data, weightsPath),
    artifacts: { modelTopology, weightSpecs: entries, weightData: data.buffer },
  };
}

async function read(path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readPlainFile(path, { limitBytes: limit });
  } catch (cause) {
    const missing = systemCode(cause) === 'ENOENT';
    const reason = systemCode(cause) === 'ELOOP' ? 'it is a symbolic link' : reasonOf(cause);
    throw new WeightsError(
      'E806',
      missing ? 'there is no such file' : `refused to read this file: ${reason}`,
      {
        path,
        cause: cause instanceof ReadRefusal ? undefined : cause,
        hint: missing ? 'compile --out DIR writes such a folder' : undefined,
      },
    );
  }
}

interface ParsedModel {
  readonly metadata: SavedMetadata;
  readonly entries: readonly WeightManifestEntry[];
  readonly modelTopology: object;
}

function parseModel(bytes: Uint8Array, path: string): ParsedModel {
  const fail = (message: string, cause?: unknown): never => {
    throw new WeightsError('E802', message, { path, cause });
  };
  let model: unknown;
  try {
    model = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    return fail('this is not JSON', cause);
  }
  if (!isMap(model) || model.format !== 'layers-model' || !isMap(model.modelTopology)) {
    return fail('this is not a layers-model of TensorFlow.js');
  }
  const custom = model.userDefinedMetadata;
  const metadata = isMap(custom) ? custom.netlathe : undefined;
  if (!isSavedMetadata(metadata)) return fail('this model was not saved by netlathe');
  const groups = model.weightsManifest;
  const [group] = Array.isArray(groups) && groups.length === 1 ? (groups as unknown[]) : [];
  // The name is known, and one from the file could lead anywhere.
  if (!isMap(group) || JSON.stringify(group.paths) !== JSON.stringify([weightsFile])) {
    return fail(`its weights must be in ${weightsFile} alone`);
  }
  const { weights } = group;
  if (!isListOf(weights, isManifestEntry) || weights.length > tfjsLimits.weights) {
    return fail('its list of weights is malformed');
  }
  return { metadata, entries: weights, modelTopology: model.modelTopology };
}

const entryKeys = ['name', 'shape', 'dtype'];

function isManifestEntry(value: unknown): value is WeightManifestEntry {
  return (
    isMap(value) &&
    // Nothing else, such as a quantization that would change how the bytes are read.
    Object.keys(value).every((key) => entryKeys.includes(key)) &&
    typeof value.name === 'string' &&
    value.dtype === 'float32' &&
    isListOf(value.shape, isSize) &&
    value.shape.length <= tfjsLimits.rank
  );
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** The manifest says in which order the tensors lie; together they must be the whole file. */
function cut(
  entries: readonly WeightManifestEntry[],
  data: Uint8Array<ArrayBuffer>,
  path: string,
): WeightStore {
  const weights = new Map<string, Weight>();
  let at = 0;
  for (const { name, shape } of entries) {
    const where = `weight ${JSON.stringify(name)}`;
    const known = parseWeightName(name);
    if (!known) throw new WeightsError('E803', 'no layer of netlathe has it', { where, path });
    const count = shape.reduce((product, n) => product * n, 1);
    // Also true for a product beyond the integers.
    if (!(count * 4 <= data.byteLength - at)) {
      throw new WeightsError('E804', 'it reaches beyond the end of the file', { where, path });
    }
    const values = new Float32Array(data.slice(at, at + count * 4).buffer);
    at += count * 4;
    const own = `${known.node}.${known.weight}`;
    if (weights.has(own)) throw new WeightsError('E803', 'it stands twice', { where, path });
    weights.set(own, { shape: known.depthwise ? flatDepthwise(shape) : shape, values });
  }
  if (at !== data.byteLength) {
    const message = `the weights take ${at} bytes, but the file has ${data.byteLength}`;
    throw new WeightsError('E804', message, { path });
  }
  return weights;
}

function flatDepthwise(shape: readonly number[]): readonly number[] {
  const [height = 1, width = 1, channels = 1, multiplier = 1] = shape;
  return [height, width, 1, channels * multiplier];
}
