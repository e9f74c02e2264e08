/** Views to places: measured from a vertical axis, drawn top to bottom. */

import { formatShape } from '../graph/shape.ts';
import { badge, box, line, type Mark, path, text, textWidth } from './marks.ts';
import type { Box, Call, Join, Loop, View } from './view.ts';

export const boxWidth = 236;
const edge = 30;
const branchGap = 26;
const radius = 11;

/** A drawing whose flow enters at (0, 0) and leaves at (0, height). */
export interface Laid {
  /** Extent to both sides of the axis. */
  readonly left: number;
  readonly right: number;
  readonly height: number;
  readonly marks: readonly Mark[];
}

export interface Drawing {
  /** What all bars are a share of. */
  readonly total: number;
  /** What a call is labelled with. */
  readonly label: (call: Call) => string;
}

const half = boxWidth / 2;

export function stack(views: readonly View[], drawing: Drawing): Laid {
  let y = 0;
  let [left, right] = [0, 0];
  const marks: Mark[] = [];
  views.forEach((view, i) => {
    if (i > 0) {
      const shape = formatShape((views[i - 1] as View).shape);
      marks.push(...arrow(0, y, y + edge, shape, hasTip(view)));
      right = Math.max(right, 10 + textWidth(shape, 11));
      y += edge;
    }
    const laid = one(view, drawing);
    marks.push(...moved(laid.marks, 0, y));
    left = Math.max(left, laid.left);
    right = Math.max(right, laid.right);
    y += laid.height;
  });
  return { left, right, height: y, marks };
}

/** What enters a join or loop points at its first box, not at its edge. */
export function hasTip(view: View | undefined): boolean {
  return view?.kind === 'box' || view?.kind === 'call';
}

export function arrow(
  x: number,
  from: number,
  to: number,
  label: string,
  tip = true,
): readonly Mark[] {
  return [
    line(x, from, x, to, tip),
    ...(label === ''
      ? []
      : [text(label, x + 8, (from + to) / 2 + 3.5, { size: 11, tone: 'faint' })]),
  ];
}

function one(view: View, drawing: Drawing): Laid {
  switch (view.kind) {
    case 'box':
    case 'call':
      return boxed(view, drawing);
    case 'join':
      return view.count > 1
        ? looped([{ ...view, count: 1 }], view.count, drawing)
        : joined(view, drawing);
    case 'loop':
      return looped((view as Loop).views, view.count, drawing);
  }
}

function boxed(view: Box | Call, drawing: Drawing): Laid {
  const title = view.kind === 'call' ? drawing.label(view) : view.title;
  const detail = view.kind === 'call' ? '' : view.detail;
  const hover = view.kind === 'call' ? view.name : `${view.names.join(', ')} (line ${view.line})`;
  const costs = view.params > 0;
  const height = costs ? (detail === '' ? 38 : 52) : detail === '' ? 28 : 42;
  const marks: Mark[] = [
    box(
      -half,
      0,
      boxWidth,
      height,
      view.kind === 'call' ? 'call' : costs ? 'layer' : 'light',
      hover,
    ),
  ];
  const times = view.count > 1 ? `×${view.count}` : '';
  const params = costs ? view.params.toLocaleString('en-US') : '';
  const room = boxWidth - 28 - textWidth(params, 11.5) - (times ? textWidth(times, 13) + 12 : 0);
  const x = -half + 12;
  marks.push(text(title, x, 18.5, { size: 13, weight: 600, room }));
  if (times) marks.push(badge(times, x + Math.min(room, textWidth(title, 13, 600)) + 8, 5.5));
  if (costs) marks.push(text(params, half - 12, 18.5, { size: 11.5, anchor: 'end' }));
  if (detail) marks.push(text(detail, x, 34.5, { size: 11, tone: 'soft', room: boxWidth - 70 }));
  if (costs) marks.push(...bar(view.params / drawing.total, height));
  return { left: half, right: half, height, marks };
}

function bar(share: number, height: number): readonly Mark[] {
  const width = boxWidth - 24 - 46;
  const y = height - 11;
  const percent = share < 0.0005 ? '<0.1%' : `${(100 * share).toFixed(1)}%`;
  return [
    box(-half + 12, y, width, 4, 'track'),
    box(-half + 12, y, Math.max(1.5, width * share), 4, 'bar'),
    text(percent, half - 12, y + 5, { size: 10, anchor: 'end', tone: 'soft' }),
  ];
}

/** Branches side by side; the costliest stands on the axis, so that the main path goes straight. */
function joined(view: Join, drawing: Drawing): Laid {
  const laid = view.branches.map((branch) =>
    branch.length === 0 ? { left: 8, right: 8, height: 0, marks: [] } : stack(branch, drawing),
  );
  const weight = (i: number) =>
    (view.branches[i] ?? []).reduce((sum, v) => sum + v.params, 0) +
    1e-3 * (laid[i] as Laid).height;
  const main = laid.reduce((best, _, i) => (weight(i) > weight(best) ? i : best), 0);
  const axes = axesOf(laid, main);
  const top = 22;
  const bottom = 30;
  const tallest = Math.max(...laid.map((l) => l.height), 16);
  const height = top + tallest + bottom + 2 * radius;
  const end = top + tallest + bottom + radius;
  const marks: Mark[] = [];
  laid.forEach((branch, i) => {
    const x = axes[i] as number;
    marks.push(...moved(branch.marks, x, top));
    if (i === main) {
      marks.push(line(0, 0, 0, top, branch.height > 0));
      marks.push(line(0, top + branch.height, 0, end - radius, true));
    } else {
      const side = x < 0 ? -radius : radius;
      marks.push(path(`M0 5 H${x - Math.sign(x) * 6} Q${x} 5 ${x} 11 V${top}`, branch.height > 0));
      const corner = `V${end - 6} Q${x} ${end} ${x - Math.sign(x) * 6} ${end} H${side}`;
      marks.push(path(`M${x} ${top + branch.height} ${corner}`, true));
    }
    const out = (view.branches[i] ?? []).at(-1);
    if (out) {
      const label = formatShape(out.shape);
      marks.push(text(label, x + 8, top + branch.height + 15, { size: 11, tone: 'faint' }));
    }
  });
  marks.push(...joint(view.op, end));
  const sides = laid.map(
    (l, i) => [(axes[i] as number) - l.left, (axes[i] as number) + l.right] as const,
  );
  return {
    left: Math.max(40, ...sides.map(([l]) => -l)),
    right: Math.max(40, ...sides.map(([, r]) => r)),
    height,
    marks,
  };
}

function axesOf(laid: readonly Laid[], main: number): readonly number[] {
  const axes = laid.map(() => 0);
  for (let i = main - 1; i >= 0; i--) {
    const next = laid[i + 1] as Laid;
    axes[i] = (axes[i + 1] as number) - next.left - branchGap - (laid[i] as Laid).right;
  }
  for (let i = main + 1; i < laid.length; i++) {
    const before = laid[i - 1] as Laid;
    axes[i] = (axes[i - 1] as number) + before.right + branchGap + (laid[i] as Laid).left;
  }
  return axes;
}

function joint(op: string, y: number): readonly Mark[] {
  const sign = { add: '+', multiply: '×' }[op];
  if (sign) {
    return [
      { kind: 'circle', x: 0, y, r: radius },
      text(sign, 0, y + 5, { size: 16, anchor: 'middle' }),
    ];
  }
  const width = textWidth(op, 11) + 20;
  return [
    box(-width / 2, y - radius, width, 2 * radius, 'joint'),
    text(op, 0, y + 4, { size: 11, anchor: 'middle' }),
  ];
}

function looped(views: readonly View[], times: number, drawing: Drawing): Laid {
  const inner = stack(views, drawing);
  const pad = 12;
  const [left, right] = [inner.left + pad, inner.right + pad];
  const height = inner.height + 2 * pad + 8;
  return {
    left,
    right,
    height,
    marks: [
      box(-left, 0, left + right, height, 'loop'),
      line(0, 0, 0, pad + 4, false),
      ...moved(inner.marks, 0, pad + 4),
      line(0, pad + 4 + inner.height, 0, height, false),
      badge(`×${times}`, right - 40, 5),
    ],
  };
}

export function moved(marks: readonly Mark[], dx: number, dy: number): readonly Mark[] {
  if (dx === 0 && dy === 0) return marks;
  return [{ kind: 'group', x: dx, y: dy, marks }];
}
