/** Loss and accuracy over the epochs: all networks in one drawing, then each by itself. */

import { drawBoth, drawOne } from '../../report/charts.ts';
import * as format from '../../report/format.ts';
import { type Html, html, name } from '../../report/html.ts';
import { type Section, section } from '../../report/sections/section.ts';
import type { Curve, Curves, NetworkResult } from '../comparison.ts';
import { colourOf, dashOf, domainOf, type Line, linesSpec } from './charts.ts';
import { type Context, labelOf, legend, tag } from './context.ts';

type Measure = 'validTop1' | 'validLoss' | 'trainTop1' | 'trainLoss';
const measures: readonly Measure[] = ['validTop1', 'validLoss', 'trainTop1', 'trainLoss'];

/** With its curves. */
type Drawn = NetworkResult & { readonly curves: Curves };

export async function curves(context: Context): Promise<Section> {
  const { words, shown, comparison } = context;
  const drawn = shown.filter((n): n is Drawn => n.curves !== null);
  if (drawn.length === 0) {
    return section('curves', words.heads.curves, html`<p class="empty">${words.curves.none}</p>`);
  }
  const charts = await Promise.all(measures.map((measure) => overlaid(measure, drawn, context)));
  const small = await Promise.all(drawn.map((network) => alone(network, drawn, context)));
  const n =
    words.lang === 'en'
      ? format.plural(comparison.seeds.length, 'seed')
      : ` ${comparison.seeds.length} 个种子`;
  const taught = drawn.filter(isTaughtOtherwise).length;
  const scales = taught > 0 && taught < drawn.length ? html` ${words.curves.taught}` : '';
  return section(
    'curves',
    words.heads.curves,
    html`<p class="intro">${words.curves.intro(n)}${scales}</p>`,
    legend(drawn, context, true),
    html`<div class="grid two">${charts.filter((c) => c !== undefined)}</div>`,
    html`<h3 class="below">${words.curves.small}</h3><p class="intro">${words.curves.smallIntro} <span class="key solid">${words.curves.validation}</span> <span class="key dotted">${words.curves.training}</span></p>`,
    html`<div class="multiples">${small}</div>`,
  );
}

/** Than the common recipe says, by a network of the suite or another. */
const isTaughtOtherwise = ({ changes }: NetworkResult) =>
  changes.some(({ key }) => key.startsWith('distill.'));

export function linesOf(
  measure: Measure,
  networks: readonly Drawn[],
  context: Context,
): readonly Line[] {
  return networks.flatMap((network) => {
    const curve = network.curves[measure];
    return curve ? [line(network, curve, context)] : [];
  });
}

function line(network: Drawn, curve: Curve, { indexOf }: Context): Line {
  const index = indexOf(network);
  const { epochs } = network.curves;
  return { tag: network.tag, colour: colourOf(index), dash: dashOf(index), curve, epochs };
}

export const unitOf = (measure: Measure) => (measure.endsWith('Loss') ? 'number' : 'share');

async function overlaid(
  measure: Measure,
  networks: readonly Drawn[],
  context: Context,
): Promise<Html | undefined> {
  const lines = linesOf(measure, networks, context);
  if (lines.length === 0) return undefined;
  const { words } = context;
  const unit = unitOf(measure);
  const write = unit === 'share' ? format.percent : format.decimals;
  const ends = networks.flatMap((n) => {
    const last = n.curves[measure]?.mean.at(-1);
    return typeof last === 'number' ? [`${labelOf(n, context)} ${write(last)}`] : [];
  });
  const epochs = Math.max(...lines.map((l) => l.epochs.length));
  const chart = await drawBoth(
    words.curves.described(words.curves[measure], epochs, ends.join(', ')),
    (size, width) =>
      linesSpec({
        lines,
        unit,
        width,
        height: Math.round(width * (size === 'wide' ? 0.6 : 0.72)),
        ticks: size === 'wide' ? 7 : 4,
        tagged: true,
      }),
  );
  return html`<figure><figcaption><h3>${words.curves[measure]}</h3></figcaption>${chart}</figure>`;
}

async function alone(network: Drawn, networks: readonly Drawn[], context: Context): Promise<Html> {
  const { words } = context;
  const measure: Measure = network.curves.validTop1 ? 'validTop1' : 'trainTop1';
  const others = linesOf(
    measure,
    networks.filter(({ id }) => id !== network.id),
    context,
  );
  const own = linesOf(measure, [network], context);
  const training = measure === 'trainTop1' ? [] : linesOf('trainTop1', [network], context);
  const domain = domainOf(
    networks.flatMap(({ curves: c }) => [c.validTop1, c.trainTop1].filter((v) => v !== null)),
  );
  const last = own[0]?.curve.mean.at(-1);
  const chart = await drawOne(
    words.curves.described(
      `${labelOf(network, context)}, ${words.curves[measure]}`,
      network.curves.epochs.length,
      format.percent(last),
    ),
    linesSpec({
      lines: [
        ...others.map((l) => ({ ...l, faint: true })),
        ...training.map((l) => ({ ...l, dash: [2, 3] })),
        ...own.map((l) => ({ ...l, dash: [1, 0] })),
      ],
      unit: 'share',
      width: 300,
      height: 190,
      ticks: 4,
      domain,
      tagged: false,
    }),
  );
  return html`<figure><figcaption><h4>${tag(network, context)} ${name(labelOf(network, context))}</h4></figcaption>${chart}</figure>`;
}
