/**
 * Makes examples/cifar10-mini.tar.gz: a seeded subset of CIFAR-10, the JPEG files as they are.
 *
 *   npx tsx scripts/make-example-data.ts cifar10-train.tar.gz [out]
 *
 * The archive given holds train/<class>/<number>.jpg. What is chosen, its order and every header are fixed, so the tar
 * inside has the same bytes on every machine; the gzip around it has too, with the same zlib.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { openSource } from '../runtime/data/open-source.ts';
import { byText } from '../runtime/data/source.ts';
import { writeFileAtomic } from '../runtime/files/atomic-write.ts';

const OUT = join(import.meta.dirname, '../examples/cifar10-mini.tar.gz');
const SEED = 1;
/** A class: at about 330 bytes an image, 15,000 make 5 MB. */
const TRAINING = 1250;
const VALIDATION = 250;
/** Where gzip keeps the system it was made on, and the value that means any. */
const GZIP_OS = 9;
const UNKNOWN_OS = 255;

interface Chosen {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The tar of the subset, before compression. */
export async function exampleTar(
  archive: string,
  training = TRAINING,
  validation = VALIDATION,
): Promise<Buffer> {
  const bytes = await readAll(archive);
  const ranked = [...bytes.keys()]
    .map((path) => ({ path, rank: digest(`${SEED}:${path}`) }))
    .sort((a, b) => byText(a.rank, b.rank));
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  const chosen: Chosen[] = [];
  for (const { path } of ranked) {
    const [, label, file] = path.split('/');
    const contents = bytes.get(path);
    if (label === undefined || file === undefined || contents === undefined) continue;
    const hash = digest(contents);
    const count = counts.get(label) ?? 0;
    // CIFAR-10 holds some images twice; a copy in both splits would flatter the accuracy.
    if (count === training + validation || seen.has(hash)) continue;
    seen.add(hash);
    counts.set(label, count + 1);
    const split = count < training ? 'training' : 'validation';
    chosen.push({ name: `${split}/${label}/${file}`, bytes: contents });
  }
  return packed(chosen.sort((a, b) => byText(a.name, b.name)));
}

async function readAll(archive: string): Promise<Map<string, Uint8Array>> {
  const source = await openSource(archive);
  const images = new Set(
    source.files.map(({ path }) => path).filter((path) => path.endsWith('.jpg')),
  );
  const bytes = new Map<string, Uint8Array>();
  for await (const { path, load } of source.read(images)) {
    bytes.set(path, await load());
  }
  return bytes;
}

function digest(contents: string | Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

async function packed(files: readonly Chosen[]): Promise<Buffer> {
  const archive = pack();
  const header = { mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 };
  for (const { name, bytes } of files) archive.entry({ ...header, name }, bytes);
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive) {
    if (part instanceof Uint8Array) parts.push(part);
  }
  return Buffer.concat(parts);
}

async function main(archive: string | undefined, out = OUT): Promise<void> {
  if (archive === undefined) throw new Error('give the path of cifar10-train.tar.gz');
  const tar = await exampleTar(archive);
  const compressed = gzipSync(tar, { level: 9 });
  compressed[GZIP_OS] = UNKNOWN_OS;
  await writeFileAtomic(out, compressed);
  console.log(`${out}: ${compressed.byteLength} bytes, SHA-256 of the tar inside ${digest(tar)}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv[2], process.argv[3]);
}
