/**
 * `npm run prove:hermes [network...]`: what target `react-native` emits, in the tools of React Native. Each module is
 * compiled by hermesc, the compiler of today's React Native, and run in a Hermes VM: its self test must pass and its class
 * must be Node's for every picture. The component is checked against the real types. `npm test` does the same to smaller
 * networks (test/emit/react-native/hermes.test.ts).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { emitReactNative } from '../compiler/7-emit/react-native/emit.ts';
import { writeBundle } from '../compiler/7-emit/write-bundle.ts';
import { isSame, runInHermes } from './hermes/run.ts';
import { hermesTools } from './hermes/tools.ts';
import { zooInput } from './interop/networks.ts';

/** Small enough that the VM, which has no JIT, takes minutes and not hours. */
const usual = ['student', 'student-group', 'resnet20-cifar', 'preact-resnet20-cifar'];
const pictures = 8;

async function check(name: string, tools: string, work: string): Promise<boolean> {
  const input = zooInput(name);
  const result = await runInHermes(input, { tools, work, pictures });
  const same = result.node.filter((top, i) => top === result.hermes[i]).length;
  const holds = isSame(result);
  const params = input.counts.params.trainable.toLocaleString('en-US');
  process.stdout.write(
    `| ${name} | ${params} | ${result.maxDifference.toExponential(1)} | ${same} of ${pictures} | ${result.milliseconds.toFixed(0)} | ${holds ? 'yes' : 'NO'} |\n`,
  );
  return holds;
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

const tools = hermesTools('types');
const work = mkdtempSync(path.join(tmpdir(), 'netlathe-hermes-run-'));
let holds = true;
try {
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
}
process.exitCode = holds ? 0 : 1;
