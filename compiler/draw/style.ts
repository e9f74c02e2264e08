/** Colours of a drawing, for light and dark readers. */

const light = {
  page: '#ffffff',
  panel: '#f6f7f9',
  line: '#d8dce2',
  layer: '#ffffff',
  call: '#e9effc',
  'call-line': '#b4c6f0',
  edge: '#8a93a1',
  strong: '#1c2129',
  soft: '#5b6472',
  faint: '#6b7482',
  track: '#e6e9ee',
  bar: '#3f6fd8',
  badge: '#dce6fb',
  good: '#16794a',
  bad: '#c0322b',
} as const;

const dark: Readonly<Record<keyof typeof light, string>> = {
  page: '#14171c',
  panel: '#1b1f26',
  line: '#363c47',
  layer: '#232832',
  call: '#22304d',
  'call-line': '#3d5690',
  edge: '#7d8797',
  strong: '#e8ebf0',
  soft: '#a7b0be',
  faint: '#8f99a8',
  track: '#343b47',
  bar: '#7ba1f5',
  badge: '#31457a',
  good: '#5fce97',
  bad: '#ff8a80',
};

/** Plain colours, not variables: Inkscape, librsvg and what builds on it know none, and would paint all black. */
const coloured = (c: Readonly<Record<keyof typeof light, string>>) =>
  [
    `.page{fill:${c.page}}`,
    `.layer,.light,.joint{fill:${c.layer};stroke:${c.line}}`,
    `.light{fill:${c.panel}}`,
    `.panel .light{fill:${c.layer}}`,
    `.call{fill:${c.call};stroke:${c['call-line']}}`,
    `.panel{fill:${c.panel};stroke:${c.line}}`,
    `.loop{stroke:${c.edge}}`,
    `.track{fill:${c.track}}.bar{fill:${c.bar}}.badge{fill:${c.badge}}`,
    `.edge{stroke:${c.edge}}.tip{fill:${c.edge}}`,
    ...(['strong', 'soft', 'faint', 'good', 'bad'] as const).map((t) => `.${t}{fill:${c[t]}}`),
  ].join('');

export const styleSheet = [
  'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;pointer-events:none}',
  '.loop{fill:none;stroke-dasharray:4 3}',
  '.edge{fill:none;stroke-width:1.25}',
  coloured(light),
  `@media (prefers-color-scheme:dark){${coloured(dark)}}`,
].join('');
