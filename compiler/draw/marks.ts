/** Shapes on a page, and their SVG. All user text passes through `escapeXml`; numbers are rounded to two digits. */

import { visible } from '../diagnostics/text.ts';

export type BoxStyle =
  | 'layer'
  | 'light'
  | 'call'
  | 'panel'
  | 'loop'
  | 'joint'
  | 'track'
  | 'bar'
  | 'badge';
export type Tone = 'strong' | 'soft' | 'faint' | 'good' | 'bad';

export interface TextOptions {
  readonly size: number;
  readonly weight?: 600;
  readonly tone?: Tone;
  readonly anchor?: 'end' | 'middle';
  /** Longer text is cut. */
  readonly room?: number;
}

export type Mark =
  | {
      readonly kind: 'box';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly style: BoxStyle;
      readonly hover?: string | undefined;
    }
  | { readonly kind: 'circle'; readonly x: number; readonly y: number; readonly r: number }
  | { readonly kind: 'path'; readonly d: string; readonly arrow: boolean }
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly x: number;
      readonly y: number;
      readonly options: TextOptions;
    }
  | {
      readonly kind: 'group';
      readonly x: number;
      readonly y: number;
      readonly marks: readonly Mark[];
    };

export function box(
  x: number,
  y: number,
  width: number,
  height: number,
  style: BoxStyle,
  hover?: string,
): Mark {
  return { kind: 'box', x, y, width, height, style, hover };
}

export function line(x1: number, y1: number, x2: number, y2: number, arrow: boolean): Mark {
  return { kind: 'path', d: `M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}`, arrow };
}

export function path(d: string, arrow: boolean): Mark {
  return { kind: 'path', d, arrow };
}

export function text(content: string, x: number, y: number, options: TextOptions): Mark {
  return { kind: 'text', text: content, x, y, options };
}

/** `×3` on a coloured ground. */
export function badge(content: string, x: number, y: number): Mark {
  const width = textWidth(content, 11, 600) + 12;
  return {
    kind: 'group',
    x,
    y,
    marks: [
      box(0, 0, width, 17, 'badge'),
      text(content, width / 2, 12.5, { size: 11, weight: 600, anchor: 'middle' }),
    ],
  };
}

/** Fonts differ from system to system; this errs to the wide side. */
export function textWidth(content: string, size: number, weight = 400): number {
  let units = 0;
  for (const c of content) {
    if (/[ilj.,:;'|! ]/.test(c)) units += 0.3;
    else if (/[mwMW@%]/.test(c)) units += 0.88;
    else if (c > '\u2e80') units += 1;
    else units += /[A-Z0-9×·]/.test(c) ? 0.62 : 0.555;
  }
  return units * size * (weight > 400 ? 1.1 : 1);
}

export function clipped(content: string, size: number, room: number, weight?: number): string {
  if (textWidth(content, size, weight) <= room) return content;
  const characters = [...content];
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, size, weight) > room)
    characters.pop();
  return `${characters.join('')}…`;
}

export function escapeXml(content: string): string {
  // Control characters have no place in XML at all; lone surrogates would break its encoding.
  return visible(content.replaceAll(/[\t\n\r]/g, ' '))
    .replaceAll(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export function round(n: number): string {
  return String(Math.round(n * 100) / 100);
}

const corners: Readonly<Record<BoxStyle, number>> = {
  layer: 7,
  light: 7,
  call: 7,
  panel: 12,
  loop: 10,
  joint: 11,
  track: 2,
  bar: 2,
  badge: 8.5,
};

export function svgOf(mark: Mark): string {
  switch (mark.kind) {
    case 'group':
      return `<g transform="translate(${round(mark.x)} ${round(mark.y)})">${mark.marks.map(svgOf).join('')}</g>`;
    case 'box': {
      const { x, y, width, height, style, hover } = mark;
      const at = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${corners[style]}"`;
      const title = hover === undefined ? '' : `<title>${escapeXml(hover)}</title>`;
      return title
        ? `<rect class="${style}" ${at}>${title}</rect>`
        : `<rect class="${style}" ${at}/>`;
    }
    case 'circle':
      return `<circle class="joint" cx="${round(mark.x)}" cy="${round(mark.y)}" r="${round(mark.r)}"/>`;
    case 'path':
      return `<path class="edge" d="${mark.d}"${mark.arrow ? ' marker-end="url(#tip)"' : ''}/>`;
    case 'text':
      return svgText(mark);
  }
}

function svgText({ text: content, x, y, options }: Extract<Mark, { kind: 'text' }>): string {
  const { size, weight, tone = 'strong', anchor, room } = options;
  const shown = room === undefined ? content : clipped(content, size, room, weight);
  const attributes = [
    `class="${tone}"`,
    `x="${round(x)}" y="${round(y)}"`,
    `font-size="${size}"`,
    ...(weight ? [`font-weight="${weight}"`] : []),
    ...(anchor ? [`text-anchor="${anchor}"`] : []),
  ];
  // The bar, the badge and the texts on a box would hide its tooltip.
  return `<text ${attributes.join(' ')}>${escapeXml(shown)}</text>`;
}
