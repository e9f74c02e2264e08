/** Compiles damaged files, many in one process, and tells the parent what came of each. */

import path from 'node:path';
import { SourceError } from '../../compiler/1-load/load.ts';
import { printNormalized } from '../../compiler/3-normalize/print.ts';
import { compile, isComplete } from '../../compiler/compile.ts';
import { githubForm, humanForm, sarifForm } from '../../compiler/diagnostics/forms.ts';
import { printGraph } from '../../compiler/graph/print.ts';
import { verify } from '../../compiler/graph/verify.ts';
import { type Corpus, readBombs, readCorpus } from './corpus.ts';
import { mutate } from './mutate.ts';

/** A damaged file by its seed, or a bomb of test/corpus by its name. */
export type Job = { readonly seed: number } | { readonly bomb: string };
export interface Done {
  readonly milliseconds: number;
  readonly complete: boolean;
  readonly failure?: string;
}

const plain = (text: string) => text;
const style = { bold: plain, dim: plain, red: plain, yellow: plain, blue: plain };

function sourceOf(text: string, corpus: Corpus) {
  return {
    resolve: (reference: string) => reference,
    read: (file: string) => {
      if (file === 'fuzz.yaml') return text;
      const found = corpus.byName.get(path.basename(file));
      if (found === undefined) throw new SourceError('there is no such file');
      return found;
    },
  };
}

/** `undefined` if all is well: every input gives a graph that holds together, or diagnostics that can be shown. */
function examine(text: string, corpus: Corpus): { complete: boolean; failure?: string } {
  const compilation = compile(sourceOf(text, corpus), 'fuzz.yaml');
  const { diagnostics } = compilation;
  humanForm(diagnostics, { style, columns: 80, textOf: () => text });
  githubForm(diagnostics);
  JSON.stringify(sarifForm(diagnostics, '0'));
  if (!isComplete(compilation)) {
    return diagnostics.length > 0
      ? { complete: false }
      : { complete: false, failure: 'neither a graph nor a diagnostic' };
  }
  const { graph, normal, spec } = compilation;
  const [violation] = verify(graph);
  if (violation) return { complete: true, failure: `the graph is unsound: ${violation}` };
  const again = compile(sourceOf(printNormalized(spec.spec, normal, graph), corpus), 'fuzz.yaml');
  if (!isComplete(again)) {
    const first = again.diagnostics[0];
    return {
      complete: true,
      failure: `its normalized form does not compile: ${first?.code} ${first?.message}`,
    };
  }
  const same = printGraph(again.graph) === printGraph(graph);
  return same
    ? { complete: true }
    : { complete: true, failure: 'its normalized form gives another graph' };
}

const corpus = readCorpus();
const bombs = readBombs();
process.on('message', (job: Job) => {
  const text = 'bomb' in job ? (bombs.get(job.bomb) ?? '') : mutate(job.seed, corpus.texts);
  // Of this process: the machine may be busy with other things.
  const started = process.cpuUsage();
  let result: { complete: boolean; failure?: string };
  try {
    result = examine(text, corpus);
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    result = { complete: false, failure: stack.split('\n').slice(0, 4).join('\n') };
  }
  const { user, system } = process.cpuUsage(started);
  const milliseconds = (user + system) / 1000;
  process.send?.({ milliseconds, ...result } satisfies Done);
});
process.send?.('ready');
