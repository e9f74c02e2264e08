/**
 * `npm run prove:hermes [network...]`: what target `react-native` emits, in the tools of React Native. Each module is
 * compiled by hermesc, the compiler of today's React Native, and run in a Hermes VM: its self test must pass and its class
 * must be Node's for every picture. The component is checked against the real types. The tools (250 MB) come from npm into
 * a temporary folder, or into the one that NETLATHE_HERMES names, to be used again.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { emitReactNative } from '../compiler/7-emit/react-native/emit.ts';
import { emitModule } from '../compiler/7-emit/ts/emit.ts';
import { loadModule } from '../compiler/7-emit/ts/load-module.ts';
import { writeBundle } from '../compiler/7-emit/write-bundle.ts';
import { testImage } from '../templates/support/self-test.ts';
import { zooInput } from './interop/networks.ts';

const packages = {
  'hermes-compiler': '250829098.0.19',
  'hermes-engine-cli': '0.12.0',
  'react-native-webview': '14.0.0',
  '@types/react': '19.3.0',
} as const;
/** For its types alone: what it depends on is left out. */
const reactNative = 'react-native@0.88.1';
/** Small enough that the VM, which has no JIT, takes minutes and not hours. */
const usual = ['student', 'student-group', 'resnet20-cifar', 'preact-resnet20-cifar'];
const pictures = 8;

interface Answer {
  readonly passed: boolean;
  readonly maxDifference: number;
  readonly tops: readonly number[];
  readonly milliseconds: number;
  readonly globals: readonly string[];
}

function install(folder: string): void {
  const modules = path.join(folder, 'node_modules');
  if (existsSync(path.join(modules, 'react-native/package.json'))) return;
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  const npm = (...options: readonly string[]): string =>
    execFileSync('npm', options, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  npm('install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', ...wanted);
  mkdirSync(path.join(modules, 'react-native'), { recursive: true });
  const archive = npm('pack', '--silent', reactNative).trim();
  const into = ['-C', path.join(modules, 'react-native'), '--strip-components=1'];
  execFileSync('tar', ['xzf', archive, ...into], { cwd: folder });
}

/** Runs in Hermes: draws the pictures that Node draws, and prints what the model says. */
const program = `
;(function () {
  var drawn = ${testImage.toString()};
  exports.create().then(function (model) {
    var test = model.selfTest();
    var tops = [];
    var start = Date.now();
    for (var seed = 0; seed < ${pictures}; seed++) {
      var image = drawn({ seed: 100 + seed, width: 90 + seed, height: 140 - seed, channels: 3 });
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

async function check(name: string, tools: string, work: string): Promise<boolean> {
  const input = zooInput(name);
  const options = { weights: 'fp32', embed: true, relaxed: false } as const;
  const files = await emitReactNative(input, options);
  const module = path.join(work, `${name}.js`);
  const text = Buffer.from(files.get('model.rn.js') ?? '').toString();
  writeFileSync(module, text);
  const bin = (path_: string): string => path.join(tools, 'node_modules', path_);
  const hermesc = bin('hermes-compiler/hermesc/linux64-bin/hermesc');
  // Two warnings are expected: it may ask whether there is WebAssembly.
  execFileSync(hermesc, ['-w', '-O', '-emit-binary', '-out', `${module}.hbc`, module]);
  const script = path.join(work, `${name}.run.js`);
  writeFileSync(script, `var exports = {};\n${text}\n${program}`);
  const vm = bin('hermes-engine-cli/linux64-bin/hermes');
  const answer = JSON.parse(execFileSync(vm, ['-w', '-O', script], { encoding: 'utf8' })) as Answer;
  const tops = await inNode(
    Buffer.from((await emitModule(input, options)).get('model.mjs') ?? '').toString(),
  );
  const same = tops.filter((top, i) => top === answer.tops[i]).length;
  const ok = answer.passed && same === pictures && answer.globals.length === 0;
  const params = input.counts.params.trainable.toLocaleString('en-US');
  process.stdout.write(
    `| ${name} | ${params} | ${answer.maxDifference.toExponential(1)} | ${same} of ${pictures} | ${answer.milliseconds.toFixed(0)} | ${ok ? 'yes' : 'NO'} |\n`,
  );
  return ok;
}

async function inNode(module: string): Promise<readonly number[]> {
  const model = await (await loadModule(module)).create({ backend: 'simd' });
  return Array.from({ length: pictures }, (_, seed) => {
    const size = { width: 90 + seed, height: 140 - seed };
    const image = testImage({ seed: 100 + seed, ...size, channels: 3 });
    return model.predict(image, { topK: 1 })[0]?.index ?? -1;
  });
}

/** The component against the types of React, React Native and the WebView. */
async function typeCheck(tools: string): Promise<boolean> {
  const folder = path.join(tools, 'component');
  const options = { weights: 'fp32', embed: true, relaxed: false } as const;
  await writeBundle(folder, await emitReactNative(zooInput('student'), options), { force: true });
  const program = ts.createProgram([path.join(folder, 'ModelWebView.tsx')], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts'],
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  });
  const faults = ts.getPreEmitDiagnostics(program);
  for (const { file, messageText } of faults) {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    process.stdout.write(`${file?.fileName}: ${text}\n`);
  }
  process.stdout.write(`ModelWebView.tsx against the real types: ${faults.length} faults\n`);
  return faults.length === 0;
}

const kept = process.env.NETLATHE_HERMES;
const tools = kept ? path.resolve(kept) : mkdtempSync(path.join(tmpdir(), 'netlathe-hermes-'));
const work = mkdtempSync(path.join(tmpdir(), 'netlathe-hermes-run-'));
let holds = true;
try {
  mkdirSync(tools, { recursive: true });
  install(tools);
  process.stdout.write(
    '| network | params | self test within | same class | ms a picture | holds |\n',
  );
  process.stdout.write('| --- | --- | --- | --- | --- | --- |\n');
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : usual) {
    holds = (await check(name, tools, work)) && holds;
  }
  holds = (await typeCheck(tools)) && holds;
} finally {
  rmSync(work, { recursive: true, force: true });
  if (!kept) rmSync(tools, { recursive: true, force: true });
}
process.exitCode = holds ? 0 : 1;
