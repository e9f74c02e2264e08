/** Writes a model that any TensorFlow.js program loads: model.json and weights.bin in one folder. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import { writeFileAtomic } from '../../../runtime/files/atomic-write.ts';
import { writeError } from '../../../runtime/files/write-error.ts';
import { packageRoot } from '../../../runtime/package-root.ts';
import { systemCode } from '../../../runtime/runtime-error.ts';
import type { Graph } from '../../graph/graph.ts';
import type { WeightStore } from '../../weights/store.ts';
import { EmitError } from '../emit-error.ts';
import { importTfjs } from './import-tfjs.ts';
import type { Tf } from './layers.ts';
import { buildTfjsModel } from './model.ts';
import { metadataOf, modelFile, weightsFile } from './saved-model.ts';

export interface SavedModel {
  /** The files written, by path. */
  readonly files: readonly string[];
  readonly weightBytes: number;
}

/**
 * The same Graph and weights give the same bytes. At every instant the folder holds the old model, the new one, or
 * weights without a model.json, which nothing loads; never one model's topology with another's weights.
 */
export async function saveTfjsModel(
  graph: Graph,
  weights: WeightStore,
  dir: string,
): Promise<SavedModel> {
  await refuseForeign(join(dir, modelFile));
  const tf = await importTfjs();
  const model = buildTfjsModel(tf, graph, weights);
  try {
    const { json, data } = await serialize(tf, model, graph);
    const [modelPath, weightsPath] = [join(dir, modelFile), join(dir, weightsFile)];
    await rm(modelPath, { force: true }).catch((error: unknown) => {
      throw writeError(modelPath, error);
    });
    await writeFileAtomic(weightsPath, data);
    await writeFileAtomic(modelPath, json);
    return { files: [modelPath, weightsPath], weightBytes: data.byteLength };
  } finally {
    model.dispose();
  }
}

/** A model of another program is not ours to replace. */
async function refuseForeign(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const missing = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
    if (missing) return undefined;
    throw writeError(file, error);
  });
  if (text === undefined || text.includes('"generatedBy":"netlathe ')) return;
  throw new EmitError({
    code: 'E702',
    message: 'netlathe did not make the model that would be overwritten here',
    path: file,
    hint: 'choose another folder, or remove it',
  });
}

/** The two files of a model that was built from the Graph. */
export async function serialize(
  tf: Tf,
  model: tfjs.LayersModel,
  graph: Graph,
): Promise<{ readonly json: string; readonly data: Uint8Array }> {
  const { modelTopology, weightSpecs, weightData } = await artifactsOf(tf, model);
  const data = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData ?? new ArrayBuffer(0)));
  const version = packageVersion();
  const hash = createHash('sha256').update(data).digest('hex');
  const json = JSON.stringify({
    format: 'layers-model',
    generatedBy: `netlathe ${version}, TensorFlow.js ${tf.version.tfjs}`,
    convertedBy: null,
    userDefinedMetadata: { netlathe: metadataOf(graph, version, hash) },
    modelTopology,
    weightsManifest: [{ paths: [weightsFile], weights: weightSpecs ?? [] }],
  });
  return { json: `${json}\n`, data };
}

async function artifactsOf(tf: Tf, model: tfjs.LayersModel): Promise<tfjs.io.ModelArtifacts> {
  let artifacts: tfjs.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (made) => {
    artifacts = made;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  });
  await model.save(handler);
  if (!artifacts) throw new Error('netlathe bug: tfjs saved nothing');
  return artifacts;
}

function packageVersion(): string {
  const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  const { version }: { readonly version?: unknown } = JSON.parse(manifest);
  return String(version);
}
