// TensorFlow.js on its WebAssembly backend (SIMD), one thread, with the model that netlathe saved.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export async function open(folder, peers, layers) {
  const require = createRequire(path.resolve(peers, 'package.json'));
  const tf = require('@tensorflow/tfjs');
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  wasm.setThreadsCount(1);
  await tf.setBackend('wasm');
  await tf.ready();
  const { registerLayers } = await import(pathToFileURL(layers).href);
  registerLayers(tf);
  const { modelTopology, weightsManifest } = JSON.parse(
    await readFile(path.join(folder, 'tfjs/model.json'), 'utf8'),
  );
  const data = await readFile(path.join(folder, 'tfjs/weights.bin'));
  const weightData = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const model = await tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs, weightData }),
  );
  const [, height, width, channels] = model.inputs[0].shape;
  return {
    label: `tfjs wasm ${tf.version.tfjs}`,
    async run(image) {
      const logits = tf.tidy(() => model.predict(tf.tensor4d(image, [1, height, width, channels])));
      const values = await logits.data();
      logits.dispose();
      return values;
    },
  };
}
