// The runtimes inside a browser. Each has a function that loads it and gives {label, run}; `open` and `measure` are
// called from outside, one runtime at a time.
const modules = '/peers/node_modules';

const loaders = {
  async netlathe({ folder, backend }) {
    const { create } = await import(`${folder}/model.mjs`);
    const weights = await (await fetch(`${folder}/weights.bin`)).arrayBuffer();
    const model = await create({ backend, weights });
    return {
      label: `netlathe ${model.info.weights} ${backend}`,
      run: (image) => model.logits(image),
    };
  },

  async ort({ height, width }) {
    const ort = await import(`${modules}/onnxruntime-web/dist/ort.wasm.min.mjs`);
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = `${modules}/onnxruntime-web/dist/`;
    const session = await ort.InferenceSession.create('/art/model.onnx', {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'all',
    });
    const planes = new Float32Array(3 * height * width);
    const tensor = new ort.Tensor('float32', planes, [1, 3, height, width]);
    return {
      label: `ORT-web ${ort.env.versions.web}`,
      prepare(image) {
        const pixels = height * width;
        for (let i = 0; i < image.length; i++)
          planes[(i % 3) * pixels + Math.floor(i / 3)] = image[i];
      },
      run: async () => (await session.run({ image: tensor })).logits.data,
    };
  },

  async tfjs({ height, width }) {
    await script(`${modules}/@tensorflow/tfjs/dist/tf.min.js`);
    await script(`${modules}/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js`);
    const { tf } = globalThis;
    tf.wasm.setWasmPaths(`${modules}/@tensorflow/tfjs-backend-wasm/dist/`);
    tf.wasm.setThreadsCount(1);
    await tf.setBackend('wasm');
    await tf.ready();
    const { registerLayers } = await import('/layers.js');
    registerLayers(tf);
    const model = await tf.loadLayersModel('/art/tfjs/model.json');
    return {
      label: `tfjs wasm ${tf.version.tfjs}`,
      async run(image) {
        const logits = tf.tidy(() => model.predict(tf.tensor4d(image, [1, height, width, 3])));
        const values = await logits.data();
        logits.dispose();
        return values;
      },
    };
  },

  async litert({ height, width, version }) {
    const { loadLiteRt, loadAndCompile, Tensor } = await import('/litert.mjs');
    await loadLiteRt(`${modules}/@litertjs/core/wasm/`);
    const model = await loadAndCompile('/art/model.tflite', { accelerator: 'wasm' });
    return {
      label: `LiteRT.js ${version}`,
      async run(image) {
        const tensor = new Tensor(image, [1, height, width, 3]);
        const [logits] = await model.run(tensor);
        const values = (await logits.data?.()) ?? logits.toTypedArray();
        const copy = Float32Array.from(values);
        logits.delete();
        tensor.delete();
        return copy;
      },
    };
  },
};

function script(src) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement('script'), { src });
    element.onload = resolve;
    element.onerror = () => reject(new Error(`cannot load ${src}`));
    document.head.append(element);
  });
}

let image;
let current;

globalThis.openRuntime = async (name, options) => {
  image ??= new Float32Array(await (await fetch('/art/image.f32')).arrayBuffer());
  const before = performance.now();
  current = await loaders[name](options);
  current.prepare?.(image);
  const logits = [...(await current.run(image))];
  const start = performance.now() - before;
  for (let i = 0; i < 50; i++) await current.run(image);
  return { label: current.label, start, logits };
};

globalThis.measureRuntime = async (seconds) => {
  const times = [];
  const from = performance.now();
  while (performance.now() - from < seconds * 1000) {
    const at = performance.now();
    await current.run(image);
    times.push(performance.now() - at);
  }
  return times;
};
