/** The text of a Program: one line a step, what it touches (* a block at a time) and costs. `compile --print program`. */

import type { Argument, Buffer, Program, Schedule, Step } from './program.ts';

export function printProgram(program: Program): string {
  const kept = program.buffers.filter((b) => b.lifetime === 'kept');
  const lines = [
    `program: ${bytes(program.bytes)} of memory for ${program.threads} thread${program.threads === 1 ? '' : 's'}`,
    '',
    'kept buffers',
    ...kept
      .filter((b) => !kept.some((other) => other !== b && contains(other, b)))
      .map((b) => `  ${hex(b.offset)}  ${bytes(size(b)).padStart(10)}  ${b.label}`),
  ];
  for (const schedule of program.schedules) lines.push('', ...printSchedule(schedule));
  return `${lines.join('\n')}\n`;
}

function printSchedule(schedule: Schedule): readonly string[] {
  const { name, steps, phases } = schedule;
  const sum = (pick: (step: Step) => number) => steps.reduce((total, s) => total + pick(s), 0);
  return [
    `schedule ${name}: ${steps.length} steps in ${phases.length} phases, ${count(sum((s) => s.macs))} MACs, ${bytes(sum((s) => s.bytes))} touched`,
    ...phases.flatMap((phase, i) => [
      `  phase ${i + 1}, ${phase.blocks} blocks`,
      ...phase.steps.map(printStep),
    ]),
  ];
}

function printStep(step: Step): string {
  const work = `${step.macs > 0 ? count(step.macs) : '-'}`.padStart(9);
  const where = step.args
    .filter(isPlaced)
    .map((b) => `${hex(b.offset)}${b.local ? '*' : ''} ${b.label}`);
  return `    ${step.kernel.padEnd(28)} ${work} ${bytes(step.bytes).padStart(10)}  x${String(step.units).padEnd(5)} ${step.layer}  (${where.join(', ')})`;
}

function isPlaced(argument: Argument): argument is Buffer {
  return typeof argument === 'object' && 'offset' in argument;
}

function size(buffer: Buffer): number {
  return buffer.elements * (buffer.type === 'f32' ? 4 : 1);
}

function contains(outer: Buffer, inner: Buffer): boolean {
  return (
    outer.offset <= inner.offset &&
    inner.offset + size(inner) <= outer.offset + size(outer) &&
    size(outer) > size(inner)
  );
}

function hex(offset: number): string {
  return `@${offset.toString(16).padStart(8, '0')}`;
}

function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  if (n < 1024 * 1024) return `${(n / 1024).toFixed(1)} KiB`;
  return `${(n / 1024 / 1024).toFixed(1)} MiB`;
}

function count(n: number): string {
  if (n < 1e6) return `${(n / 1e3).toFixed(1)}k`;
  return n < 1e9 ? `${(n / 1e6).toFixed(1)}M` : `${(n / 1e9).toFixed(2)}G`;
}
