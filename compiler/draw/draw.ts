/**
 * A network as one SVG: its main path on the left, and a panel for each block that it calls. Light and dark follow the
 * reader's system. The same Graph gives the same bytes.
 */

import type { Budgeted, Verdict } from '../5-budget/check.ts';
import type { Counts } from '../5-budget/counts.ts';
import type { Graph } from '../graph/graph.ts';
import { formatShape, type Shape } from '../graph/shape.ts';
import { arrow, boxWidth, type Drawing, hasTip, type Laid, moved, stack } from './layout.ts';
import { box, escapeXml, type Mark, svgOf, text, textWidth } from './marks.ts';
import { styleSheet } from './style.ts';
import { treeOf } from './tree.ts';
import { type Call, type View, viewsOf } from './view.ts';

const margin = 32;
const gutter = 36;
const lead = 30;

export function draw(graph: Graph, counts: Counts, budget: Budgeted): string {
  const views = viewsOf(treeOf(graph));
  const blocks = blocksOf(views);
  const drawing: Drawing = {
    total: Math.max(1, counts.params.trainable),
    label: (call) => blocks.get(call.structure)?.title ?? call.word,
  };
  const main = withEnds(views, drawing, graph);
  const header = headerOf(graph, counts, budget);
  const top = header.height + 18;
  const panels = [...blocks.values()].map((block) => panelOf(block, drawing));
  const columns = arrange(panels, Math.max(main.height, tallest(panels)));
  const marks: Mark[] = [
    ...moved(header.marks, margin, margin),
    ...moved(main.marks, margin + main.left, margin + top),
  ];
  let x = margin + main.left + main.right + gutter;
  for (const column of columns) {
    let y = margin + top;
    for (const panel of column) {
      marks.push(...moved(panel.marks, x, y));
      y += panel.height + 20;
    }
    x += Math.max(...column.map((p) => p.width)) + 20;
  }
  const width = Math.max(
    x - (columns.length > 0 ? 20 : gutter) + margin,
    header.width + 2 * margin,
  );
  const bodies = columns.map((c) => c.reduce((sum, p) => sum + p.height + 20, -20));
  const height = margin * 2 + top + Math.max(main.height, ...bodies);
  return page(graph, counts, marks, width, height);
}

function page(
  graph: Graph,
  counts: Counts,
  marks: readonly Mark[],
  width: number,
  height: number,
): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  const told = `${graph.name}: ${number(counts.params.trainable)} parameters, ${number(counts.macs)} multiply-accumulates, ${graph.nodes.length} layers`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img" aria-labelledby="name about">`,
    `<title id="name">${escapeXml(graph.name)}</title>`,
    `<desc id="about">${escapeXml(told)}</desc>`,
    `<style>${styleSheet}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0.5 0.5L7.5 4L0.5 7.5Z"/></marker></defs>',
    `<rect class="page" width="${w}" height="${h}"/>`,
    ...marks.map(svgOf),
    '</svg>',
    '',
  ].join('\n');
}

const number = (n: number) => n.toLocaleString('en-US');

interface Header {
  readonly width: number;
  readonly height: number;
  readonly marks: readonly Mark[];
}

function headerOf(graph: Graph, counts: Counts, { verdicts }: Budgeted): Header {
  const marks: Mark[] = [text(graph.name, 0, 16, { size: 21, weight: 600, room: 640 })];
  const facts = [
    `${number(counts.params.trainable)} params`,
    `${number(counts.macs)} MACs`,
    `${number(counts.activationBytes)} bytes of activations`,
    `${graph.nodes.length} layers`,
  ].join('  ·  ');
  marks.push(text(facts, 0, 40, { size: 12.5, tone: 'soft' }));
  let y = 60;
  let width = Math.max(Math.min(640, textWidth(graph.name, 21, 600)), textWidth(facts, 12.5));
  for (const verdict of verdicts) {
    const said = `${verdict.ok ? '✓' : '✗'} ${sayVerdict(verdict)}`;
    marks.push(text(said, 0, y, { size: 12.5, tone: verdict.ok ? 'good' : 'bad' }));
    width = Math.max(width, textWidth(said, 12.5));
    y += 18;
  }
  return { width, height: y - 12, marks };
}

function sayVerdict({ metric, limit, allowed, actual, ok }: Verdict): string {
  const { minimum, maximum } = allowed;
  const rule =
    limit === 'exactly'
      ? `exactly ${number(maximum)}`
      : limit === 'atMost'
        ? `at most ${number(maximum)}`
        : `${number(minimum)} to ${number(maximum)}`;
  if (ok) return `budget kept: ${metric} ${rule}`;
  const miss =
    actual > maximum ? `${number(actual - maximum)} over` : `${number(minimum - actual)} under`;
  return `budget broken: ${metric} ${rule}, and it is ${miss}`;
}

/** The image goes in at the top, the logits come out at the bottom. */
function withEnds(views: readonly View[], drawing: Drawing, graph: Graph): Laid {
  const laid = stack(views, drawing);
  const entering = formatShape(graph.input);
  const leaving = `${graph.classes.length} classes`;
  const first = arrow(0, 0, lead, '', hasTip(views[0]));
  const end = lead + laid.height;
  const out = arrow(0, end, end + lead, '');
  return {
    left: Math.max(laid.left, boxWidth / 2),
    right: Math.max(laid.right, 10 + textWidth(leaving, 11)),
    height: end + lead + 6,
    marks: [
      ...first,
      text(entering, 8, 12, { size: 11, tone: 'faint' }),
      ...moved(laid.marks, 0, lead),
      ...out,
      text(leaving, 8, end + 20, { size: 11, tone: 'faint' }),
    ],
  };
}

interface Block {
  readonly call: Call;
  readonly title: string;
  /** How often it stands in the network. */
  readonly times: number;
  readonly params: number;
}

/** Each way a block is built, in the order of its first use; letters tell apart those of one name. */
function blocksOf(views: readonly View[]): ReadonlyMap<string, Block> {
  const found = new Map<string, Block>();
  const visit = (list: readonly View[], times: number) => {
    for (const view of list) {
      const again = times * view.count;
      if (view.kind === 'call') {
        const before = found.get(view.structure);
        const params = view.params * times;
        found.set(view.structure, {
          call: before?.call ?? view,
          title: view.word,
          times: (before?.times ?? 0) + again,
          params: (before?.params ?? 0) + params,
        });
        visit(view.views, again);
      } else if (view.kind === 'loop') visit(view.views, again);
      else if (view.kind === 'join') for (const branch of view.branches) visit(branch, again);
    }
  };
  visit(views, 1);
  return new Map([...lettered(found)]);
}

function* lettered(blocks: ReadonlyMap<string, Block>): Generator<readonly [string, Block]> {
  const uses = new Map<string, number>();
  for (const [structure, block] of blocks) {
    const word = block.call.word;
    const total = [...blocks.values()].filter((b) => b.call.word === word).length;
    const n = uses.get(word) ?? 0;
    uses.set(word, n + 1);
    const letter = n < 26 ? String.fromCharCode(65 + n) : String(n + 1);
    yield [structure, total > 1 ? { ...block, title: `${word} ${letter}` } : block];
  }
}

interface Panel {
  readonly width: number;
  readonly height: number;
  readonly marks: readonly Mark[];
}

function panelOf({ call, title, times, params }: Block, drawing: Drawing): Panel {
  const inner = stack(call.views, { ...drawing, total: Math.max(1, call.params / call.count) });
  const pad = 20;
  const head = 58;
  const note = `${times === 1 ? 'once' : `${times} times`}, ${((100 * params) / drawing.total).toFixed(1)}% of all params`;
  const asIn = `sizes as in ${call.name}`;
  const shown = times === 1 ? note : `${note}; ${asIn}`;
  const width =
    Math.max(inner.left + inner.right, 1.05 * textWidth(shown, 11), textWidth(title, 14, 600)) +
    2 * pad;
  const axis = pad + inner.left + Math.max(0, width - 2 * pad - inner.left - inner.right) / 2;
  const height = head + inner.height + 2 * 24 + 12;
  const end = head + 24 + inner.height;
  return {
    width,
    height,
    marks: [
      box(0, 0, width, height, 'panel'),
      text(title, pad, 27, { size: 14, weight: 600, room: width - 2 * pad }),
      text(shown, pad, 44, { size: 11, tone: 'soft', room: width - 2 * pad }),
      ...moved(arrow(0, 0, 24, '', hasTip(call.views[0])), axis, head),
      ...moved(inner.marks, axis, head + 24),
      ...moved(
        [...arrow(0, 0, 24, ''), text(shapeText(call), 8, 16, { size: 11, tone: 'faint' })],
        axis,
        end,
      ),
    ],
  };
}

/** Of the first time, where several were folded into one. */
function shapeText(call: Call): string {
  const shape: Shape | undefined = call.views.at(-1)?.shape;
  return shape ? formatShape(shape) : '';
}

function tallest(panels: readonly Panel[]): number {
  return Math.max(0, ...panels.map((p) => p.height));
}

/** Panels in columns, each no taller than the main path where they fit. */
function arrange(panels: readonly Panel[], height: number): readonly (readonly Panel[])[] {
  const columns: Panel[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const panel of panels) {
    if (used + panel.height > height) {
      columns.push([]);
      used = 0;
    }
    columns.at(-1)?.push(panel);
    used += panel.height + 20;
  }
  return columns;
}
