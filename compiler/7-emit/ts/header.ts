/** The comment at the head of each file: what it is, what it costs, what it was made of. */

import { codeOf, comment } from '../text.ts';
import type { Emission } from './emit.ts';

/** By these words a file is known as netlathe's own, which may be overwritten. */
export const banner = 'Made by netlathe; do not edit.';

const number = (value: number): string => value.toLocaleString('en-US');

export function headerOf(emission: Emission, target = 'ts'): string {
  const { input, options, plan, spec, weightsHash } = emission;
  const { info } = spec;
  const { height, width, channels } = info.input;
  const place = options.embed ? 'embedded' : 'weights.bin';
  const bytes = (code: string | undefined): number => ((code?.length ?? 0) / 4) * 3;
  const activations = plan.memoryBytes - plan.weightsEnd;
  return comment([
    `An image classifier. ${banner}`,
    '',
    `network   ${codeOf(info.name)}: ${height} x ${width} x ${channels} to ${info.classes} classes`,
    `size      ${number(info.params)} parameters, ${number(info.macs)} multiply-adds an image`,
    `weights   ${place}: ${info.weights}, ${number(info.weightBytes)} bytes`,
    `          SHA-256 ${weightsHash}`,
    `kernels   ${plan.kernels.join(', ')}`,
    `          WASM ${number(bytes(spec.wasm.simd))} bytes strict, ${number(bytes(spec.wasm.relaxed))} relaxed`,
    `plan      ${plan.steps.length} calls in ${number(plan.memoryBytes)} bytes: weights ${number(plan.weightsEnd)}, activations ${number(activations)}`,
    ...budgetLines(emission),
    `source    architecture, SHA-256 ${info.source}`,
    `made by   netlathe ${codeOf(input.netlathe)}: emit --target ${target} --weights ${info.weights}${options.embed && target === 'ts' ? ' --embed' : ''}${options.relaxed ? '' : ' --no-relaxed'}`,
    '',
    'It needs no other code, no network and no eval; after create() it allocates no buffer.',
  ]);
}

function budgetLines({ input }: Emission): readonly string[] {
  return input.verdicts.map(({ metric, allowed, actual, ok }) => {
    const { minimum, maximum } = allowed;
    const range =
      minimum === maximum ? number(maximum) : `${number(minimum)} to ${number(maximum)}`;
    return `budget    ${metric} ${number(actual)} of ${range}: ${ok ? 'kept' : 'NOT KEPT'}`;
  });
}
