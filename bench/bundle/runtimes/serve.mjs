// A process that runs one network on one runtime: serve.mjs RUNTIME ARGUMENTS... RUNTIME is a file beside this one whose
// open(...arguments) gives {label, run}; run(image) gives logits. Plain JavaScript, so that no loader counts as start-up.
// It says hello after its first logits; each {"seconds": N} on standard input is answered with the times that fit.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

const [runtime, imageFile, ...rest] = process.argv.slice(2);
const bytes = await readFile(imageFile);
const image = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);

const before = performance.now();
const { open } = await import(`./${runtime}.mjs`);
const { label, run } = await open(...rest);
const logits = [...(await run(image))];
const start = performance.now() - before;

for (let i = 0; i < 50; i++) await run(image);
console.log(JSON.stringify({ label, start, logits }));
for await (const line of createInterface({ input: process.stdin })) {
  const { seconds } = JSON.parse(line);
  const times = [];
  const from = performance.now();
  while (performance.now() - from < seconds * 1000) {
    const at = performance.now();
    await run(image);
    times.push(performance.now() - at);
  }
  console.log(JSON.stringify({ times, peakMemory: await peakMemory() }));
}

// MiB. Linux counts it from the start of this program; getrusage would count the one that started it, too.
async function peakMemory() {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const [, kibibytes] = /^VmHWM:\s*(\d+)/m.exec(status) ?? [];
  return kibibytes === undefined ? process.resourceUsage().maxRSS / 1024 : Number(kibibytes) / 1024;
}
