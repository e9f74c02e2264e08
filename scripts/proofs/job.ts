/** A small training job in a folder of its own: made-up photos, a network, and the processes that train it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { purpose, Random } from '../../runtime/train/random.ts';

export const root = path.join(import.meta.dirname, '../..');

export interface Job {
  readonly folder: string;
  readonly architecture: string;
  readonly photos: string;
}

export interface JobSize {
  readonly training: number;
  readonly validation: number;
  /** Of the photos, about; no two have the same shape. */
  readonly side: number;
}

const classes = ['amber', 'beryl', 'coral'];

/** Photos are PNG, which every decoder reads to the same pixels. A class is a colour, under much noise. */
export async function makeJob(folder: string, yaml: string, size: JobSize): Promise<Job> {
  const photos = path.join(folder, 'photos');
  for (const split of ['training', 'validation'] as const) {
    for (const [label, name] of classes.entries()) {
      const into = path.join(photos, split, name);
      mkdirSync(into, { recursive: true });
      for (let i = 0; i < size[split]; i++) {
        const random = new Random(split === 'training' ? 1 : 2, purpose.augment, label, i);
        const [width, height] = [size.side + random.integer(9), size.side + random.integer(9)];
        const pixels = new Uint8Array(width * height * 3);
        for (let p = 0; p < pixels.length; p++) {
          pixels[p] = (p % 3 === label ? 60 : 0) + random.integer(190);
        }
        const image = sharp(pixels, { raw: { width, height, channels: 3 } });
        await image.png().toFile(path.join(into, `${i}.png`));
      }
    }
  }
  const architecture = path.join(folder, 'job.yaml');
  writeFileSync(architecture, yaml);
  return { folder, architecture, photos };
}

/** Arguments of `netlathe train`, into a run folder of the job. */
export function trainArguments(job: Job, run: string, more: readonly string[] = []): string[] {
  const cache = path.join(job.folder, 'cache');
  const files = ['--arch', job.architecture, '--data', job.photos, '--out', run, '--cache', cache];
  return ['train', ...files, '--json', ...more];
}

/** How netlathe is run: the built program, or the sources by way of tsx. */
export function programOf(sources: boolean): readonly string[] {
  if (sources) return ['--import', 'tsx', path.join(root, 'cli/bin.ts')];
  const built = path.join(root, 'dist/cli/bin.js');
  if (!existsSync(built)) throw new Error('dist/ is not built: run "npm run build"');
  return [built];
}

export interface Running {
  readonly child: ChildProcess;
  /** When the first line of JSON was read, which is when training begins; also when it ends without one. */
  readonly begun: Promise<void>;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stderr: string;
  }>;
}

export function launch(
  program: readonly string[],
  args: readonly string[],
  node = process.execPath,
): Running {
  const child = spawn(node, [...program, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const begun = new Promise<void>((resolve) => {
    child.stdout.once('data', () => resolve());
    child.once('close', () => resolve());
  });
  const ended = new Promise<Awaited<Running['ended']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  // Whoever waits reads it; without that, the pipe would fill up.
  child.stdout.resume();
  return { child, begun, ended };
}

export function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** The weights that a finished run has left: the last and the best. */
export function weightHashes(run: string): string {
  return ['last.safetensors', 'weights.safetensors']
    .map((name) => sha256(path.join(run, name)))
    .join(' ');
}

/** Temporary files of writes that were cut off. */
export function temporaries(run: string): readonly string[] {
  return existsSync(run) ? readdirSync(run).filter((name) => name.endsWith('.tmp')) : [];
}
