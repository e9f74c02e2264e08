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

const variables = (colours: Readonly<Record<string, string>>) =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');

export const styleSheet = [
  `svg{${variables(light)}}`,
  `@media (prefers-color-scheme:dark){svg{${variables(dark)}}}`,
  'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;pointer-events:none}',
  '.page{fill:var(--page)}',
  '.layer,.light,.joint{fill:var(--layer);stroke:var(--line)}',
  '.light{stroke-dasharray:none;fill:var(--panel)}',
  '.panel .light{fill:var(--layer)}',
  '.call{fill:var(--call);stroke:var(--call-line)}',
  '.panel{fill:var(--panel);stroke:var(--line)}',
  '.loop{fill:none;stroke:var(--edge);stroke-dasharray:4 3}',
  '.track{fill:var(--track)}.bar{fill:var(--bar)}.badge{fill:var(--badge)}',
  '.edge{fill:none;stroke:var(--edge);stroke-width:1.25}.tip{fill:var(--edge)}',
  ...['strong', 'soft', 'faint', 'good', 'bad'].map((tone) => `.${tone}{fill:var(--${tone})}`),
].join('');
