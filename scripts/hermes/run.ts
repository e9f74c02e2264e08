/** One emitted network in React Native's own tools, its answers beside those of the same network in Node. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { emitReactNative } from '../../compiler/7-emit/react-native/emit.ts';
import { type EmitInput, emitModule } from '../../compiler/7-emit/ts/emit.ts';
import { loadModule } from '../../compiler/7-emit/ts/load-module.ts';
import { testImage } from '../../templates/support/self-test.ts';
import { hermesPaths } from './tools.ts';

export interface HermesResult {
  /** Whether the module's own self test passes in Hermes, and by how much it is off. */
  readonly passed: boolean;
  readonly maxDifference: number;
  /** The class of each picture, in Hermes and by the WebAssembly module in Node. */
  readonly hermes: readonly number[];
  readonly node: readonly number[];
  /** Of a picture, by the VM, which interprets. */
  readonly milliseconds: number;
  /** What the VM has of that a browser has and the module must not need. */
  readonly globals: readonly string[];
}

export const isSame = ({ passed, hermes, node, globals }: HermesResult): boolean =>
  passed && globals.length === 0 && hermes.every((top, i) => top === node[i]);

/** Of the pictures: RGB. */
const channels = 3;
const options = { weights: 'fp32', embed: true, relaxed: false } as const;

/**
 * Compiles the module for Hermes with hermesc and runs it in the VM.
 * @param tools where `hermesTools` put them
 * @param work a folder for the files in between
 * @throws {Error} where hermesc refuses the module or the VM fails
 */
export async function runInHermes(
  input: EmitInput,
  { tools, work, pictures }: { tools: string; work: string; pictures: number },
): Promise<HermesResult> {
  const { compiler, vm } = hermesPaths(tools);
  const files = await emitReactNative(input, options);
  const text = Buffer.from(files.get('model.rn.js') ?? '').toString();
  const module = path.join(work, 'module.js');
  writeFileSync(module, text);
  // Two warnings are expected: it may ask whether there is WebAssembly.
  execFileSync(compiler, ['-w', '-O', '-emit-binary', '-out', `${module}.hbc`, module]);
  const script = path.join(work, 'run.js');
  writeFileSync(script, `var exports = {};\n${text}\n${program(pictures)}`);
  const printed = execFileSync(vm, ['-w', '-O', script], { encoding: 'utf8' });
  const { tops, ...answer } = answerOf(printed);
  return { ...answer, hermes: tops, node: await inNode(input, pictures) };
}

interface Answer
  extends Pick<HermesResult, 'passed' | 'maxDifference' | 'milliseconds' | 'globals'> {
  readonly tops: readonly number[];
}

function answerOf(printed: string): Answer {
  try {
    return JSON.parse(printed) as Answer;
  } catch {
    throw new Error(`in Hermes: ${printed}`);
  }
}

async function inNode(input: EmitInput, pictures: number): Promise<readonly number[]> {
  const module = (await emitModule(input, options)).get('model.mjs') ?? '';
  const model = await (await loadModule(Buffer.from(module).toString())).create({
    backend: 'simd',
  });
  return Array.from({ length: pictures }, (_, seed) => {
    const size = { width: 90 + seed, height: 140 - seed };
    const image = testImage({ seed: 100 + seed, ...size, channels });
    return model.predict(image, { topK: 1 })[0]?.index ?? -1;
  });
}

/** Runs in Hermes: draws the pictures that Node draws, and prints what the model says. */
const program = (pictures: number): string => `
;(function () {
  var drawn = ${testImage.toString()};
  exports.create().then(function (model) {
    var test = model.selfTest();
    var tops = [];
    var start = Date.now();
    for (var seed = 0; seed < ${pictures}; seed++) {
      var image = drawn({ seed: 100 + seed, width: 90 + seed, height: 140 - seed, channels: ${channels} });
      tops.push(model.predict(image, { topK: 1 })[0].index);
    }
    var names = ['WebAssembly', 'TextDecoder', 'atob', 'SharedArrayBuffer'];
    print(JSON.stringify({
      passed: test.passed,
      maxDifference: test.maxDifference,
      tops: tops,
      milliseconds: (Date.now() - start) / ${pictures},
      globals: names.filter(function (name) { return typeof globalThis[name] !== 'undefined'; }),
    }));
  }, function (error) { print(String(error.stack)); });
})();
`;
