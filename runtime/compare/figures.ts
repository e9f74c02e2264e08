/** The drawings as files of their own: SVG with its colours written out and its legend inside, and PNG made from that. */

import sharp from 'sharp';
import { drawSpecification } from '../report/charts.ts';
import { escapeHtml } from '../report/html.ts';
import type { Comparison, Curves, NetworkResult } from './comparison.ts';
import { colourOf, colours, costSpec, dashOf, linesSpec } from './page/charts.ts';
import { type Context, contextOf, labelOf } from './page/context.ts';
import { costs, pointsOf } from './page/cost.ts';
import { linesOf, unitOf } from './page/curves.ts';
import type { Language } from './words/index.ts';

export interface Figure {
  /** Without an ending. */
  readonly name: string;
  readonly svg: string;
}

const width = 640;
const plot = 400;

/** The page's colours on white: a file of its own cannot know about dark mode. */
const palette: Readonly<Record<string, string>> = {
  n0: '#0b6a85',
  n1: '#b4540a',
  n2: '#6a3d9a',
  n3: '#1c7044',
  n4: '#b0246a',
  n5: '#756300',
  n6: '#2f55b5',
  n7: '#5f5a55',
  ink: '#1b1d21',
  soft: '#5c6068',
  line: '#e6e3dc',
  'line-strong': '#c9c5bb',
  faint: '#d5d1c8',
};

export async function figuresOf(
  comparison: Comparison,
  language: Language,
): Promise<readonly Figure[]> {
  const context = contextOf(comparison, language);
  const { words, shown } = context;
  const drawn = shown.filter(
    (n): n is NetworkResult & { readonly curves: Curves } => n.curves !== null,
  );
  const figures: Figure[] = [];
  for (const measure of ['validTop1', 'validLoss', 'trainTop1', 'trainLoss'] as const) {
    const lines = linesOf(measure, drawn, context);
    if (lines.length === 0) continue;
    const size = { width, height: plot, ticks: 8, tagged: true, unit: unitOf(measure) } as const;
    const svg = await drawSpecification(linesSpec({ ...size, lines }));
    figures.push({
      name: names[measure],
      svg: framed(svg, words.curves[measure], drawn, context, true),
    });
  }
  const judged = shown.filter((n) => n.accuracy && n.role === 'rival');
  for (const cost of costs) {
    const points = pointsOf(cost, context);
    if (points.length === 0) continue;
    const svg = await drawSpecification(costSpec(points, { width, height: plot, ticks: 6 }));
    const title = `${words.heads.accuracy} · ${words.cost[cost]}`;
    figures.push({ name: `accuracy-${cost}`, svg: framed(svg, title, judged, context, false) });
  }
  return figures;
}

const names = {
  validTop1: 'validation-accuracy',
  validLoss: 'validation-loss',
  trainTop1: 'training-accuracy',
  trainLoss: 'training-loss',
} as const;

const font =
  'system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Noto Sans CJK SC", Arial, sans-serif';

/** Title above, legend below, paper behind. */
function framed(
  svg: string,
  title: string,
  networks: readonly NetworkResult[],
  context: Context,
  lines: boolean,
): string {
  const body = concrete(svg.replace(/^<svg[^>]*>/, '').replace(/<\/svg>\s*$/, ''));
  const [, inner = `0 0 ${width} ${plot}`] = /viewBox="([^"]*)"/.exec(svg) ?? [];
  const [, , w = String(width), h = String(plot)] = inner.split(' ');
  const total = Math.ceil(Number(w)) + 32;
  const { entries, height } = legendOf(networks, context, lines, {
    width: total - 32,
    top: Number(h) + 58,
  });
  const whole = Math.ceil(Number(h)) + 58 + height;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${whole}" viewBox="0 0 ${total} ${whole}" font-family="${escapeHtml(font)}" role="img" aria-label="${escapeHtml(title)}">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="16" y="28" font-size="17" font-weight="600" fill="${palette.ink}">${escapeHtml(title)}</text>
<g transform="translate(16 44)">${body}</g>
${entries}
</svg>
`;
}

/** Colours of the page by their values; `inherit` means nothing to viewers that are no browsers. */
function concrete(svg: string): string {
  return svg
    .replace(/var\(--([a-z0-9-]+)\)/g, (_all, key: string) => palette[key] ?? '#000000')
    .replace(/ ?font-family="inherit"/g, '');
}

/** Rough, and on the safe side: there is no font to measure with. */
const widthOf = (text: string): number =>
  [...text].reduce((sum, c) => sum + ((c.codePointAt(0) ?? 0) > 0x2e80 ? 14 : 7.4), 0);

function legendOf(
  networks: readonly NetworkResult[],
  context: Context,
  lines: boolean,
  room: { readonly width: number; readonly top: number },
): { readonly entries: string; readonly height: number } {
  let [x, line] = [0, 0];
  const entries = networks.map((network) => {
    const text = labelOf(network, context);
    const needed = (lines ? 78 : 44) + widthOf(text);
    if (x > 0 && x + needed > room.width) [x, line] = [0, line + 1];
    const index = context.indexOf(network);
    const colour = concrete(colourOf(index % colours));
    const at = `translate(${16 + x} ${room.top + 12 + line * 24})`;
    x += needed;
    const dash = lines
      ? `<line x1="18" y1="0" x2="46" y2="0" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashOf(index).join(' ')}"/>`
      : '';
    return `<g transform="${at}"><text x="0" y="5" font-size="13" font-weight="700" fill="${colour}">${network.tag}</text>${dash}<text x="${lines ? 54 : 20}" y="5" font-size="13" fill="${palette.ink}">${escapeHtml(text)}</text></g>`;
  });
  return { entries: entries.join('\n'), height: 24 * (line + 1) + 12 };
}

/** At twice the size, for screens and paper that show more than one dot a point. */
export function pngOf({ svg }: Figure): Promise<Buffer> {
  return sharp(Buffer.from(svg), { density: 144 }).png().toBuffer();
}
