/**
 * Random architectures that are valid: every op, and all that the language has to write them with. A test that runs
 * over them says what holds for every network.
 *
 *     fc.assert(fc.property(architectures(), ({ yaml }) => { graphOf(yaml); ... }));
 */
import fc from 'fast-check';
import type { Shape } from '../../compiler/graph/shape.ts';
import { divisors } from '../../compiler/ops/window.ts';
import { Draw } from './draw.ts';
import {
  type Made,
  randomActivation,
  randomKeeper,
  randomLayer,
  randomNorm,
} from './random-layers.ts';

export interface Architecture {
  readonly yaml: string;
  readonly spec: object;
}

export function architectures(): fc.Arbitrary<Architecture> {
  return fc
    .array(fc.nat(0xffff), { minLength: 0, maxLength: 300, size: 'max' })
    .map((numbers) => architectureFrom(new Draw(numbers)));
}

export function architectureFrom(draw: Draw): Architecture {
  const input = {
    height: draw.between(5, 14),
    width: draw.between(5, 14),
    channels: draw.pick([3, 1, 4]),
  };
  const writer = new Writer(draw, input);
  const classes = draw.pick([3, ['a', 'b'], 10]);
  const layers = writer.network(draw.between(1, 7), draw.between(0, 2));
  const spec = {
    version: 1,
    name: draw.pick(['net', 'a name', '名前']),
    input,
    classes,
    constants: { act: draw.pick(['relu', 'silu', [], ['tanh']]), depth: 2 },
    bandwidth: draw.pick([bandwidth, { base: 2, multipliers: [2, 3, 4, 6] }]),
    ...(draw.once(3) ? { defaults: { batchNorm: { epsilon: 0.001 } } } : {}),
    blocks: blocks(draw),
    layers,
  };
  return { spec, yaml: `${JSON.stringify(spec, null, 1)}\n` };
}

const bandwidth = [4, 6, 8, 12] as const;

/** The library that calls choose from; what each does to the shape is known to `Writer`. */
function blocks(draw: Draw): object {
  const norm = randomNorm(draw);
  return {
    convBnAct: {
      parameters: [
        'width',
        { kernel: 3 },
        { stride: 1 },
        { groups: 1 },
        { act: draw.pick(['relu', 'act', []]) },
      ],
      layers: [
        {
          op: 'conv2d',
          kernel: 'kernel',
          filters: 'width',
          stride: 'stride',
          groups: 'groups',
          padding: '(kernel - 1) / 2',
          bias: false,
        },
        norm,
        'act',
      ],
    },
    inverted: {
      parameters: [{ expand: 2 }],
      layers: [
        {
          op: 'add',
          branches: [
            [],
            [
              { block: 'convBnAct', width: 'in * expand', kernel: 1, when: 'expand > 1' },
              { block: 'convBnAct', width: 'in', groups: 'in' },
              { block: 'convBnAct', width: 'entry.in', kernel: 1, act: [] },
            ],
          ],
        },
      ],
    },
    squeezeExcite: [
      {
        op: 'multiply',
        branches: [[], ['globalAvgPool', 'conv2d', randomActivation(draw), 'hardSigmoid']],
      },
    ],
    unit: [
      {
        op: 'concat',
        split: 2,
        branches: [[], [{ op: 'conv2d', kernel: 3, padding: 1 }, randomActivation(draw)]],
      },
      'channelShuffle',
    ],
  };
}

class Writer {
  readonly #draw: Draw;
  #shape: Shape;
  #names = 0;

  constructor(draw: Draw, input: Shape) {
    this.#draw = draw;
    this.#shape = input;
  }

  network(parts: number, hidden: number): readonly unknown[] {
    const layers: unknown[] = [];
    for (let i = 0; i < parts; i++) layers.push(...this.#part());
    layers.push(this.#draw.pick(['globalAvgPool', 'flatten']));
    for (let i = 0; i < hidden; i++) {
      layers.push({ op: 'dense', units: this.#draw.between(2, 8) }, randomActivation(this.#draw));
      if (this.#draw.once(2)) layers.push({ op: 'dropout', rate: 0.2 }, 'batchNorm');
    }
    layers.push({ op: 'dense', units: 'classes', bias: this.#draw.pick([true, false]) });
    return layers;
  }

  #part(): readonly unknown[] {
    const draw = this.#draw;
    const kind = draw.pick([
      'one',
      'one',
      'call',
      'join',
      'group',
      'loop',
      'skip',
      'excite',
    ] as const);
    switch (kind) {
      case 'one':
        return [this.#take(randomLayer(draw, this.#shape))];
      case 'call':
        return [this.#call()];
      case 'join':
        return [this.#join()];
      case 'group':
        return [this.#group()];
      case 'loop':
        return [this.#loop()];
      case 'skip':
        return this.#skip();
      case 'excite':
        return [this.#excite()];
    }
  }

  #take([layer, shape]: Made): unknown {
    this.#shape = shape;
    return layer;
  }

  #width(channels: number): void {
    this.#shape = { ...this.#shape, channels };
  }

  /** What a convolution with kernel 1 or 3, padding to match and this stride leaves. */
  #stride(stride: number): void {
    const { height, width, channels } = this.#shape;
    this.#shape = {
      height: Math.ceil(height / stride),
      width: Math.ceil(width / stride),
      channels,
    };
  }

  #call(): unknown {
    const draw = this.#draw;
    const { channels } = this.#shape;
    const block = draw.pick(['convBnAct', 'inverted', 'squeezeExcite', 'unit'] as const);
    const repeat = draw.once(3) ? { repeat: draw.pick([2, 'depth']) } : {};
    switch (block) {
      case 'convBnAct': {
        const index = draw.below(4);
        const stride = draw.pick([1, 2]);
        this.#width(bandwidth[index] as number);
        this.#stride(stride);
        const act = draw.pick([undefined, 'hardSwish', ['tanh', 'relu6'], 'act']);
        return {
          block,
          width: `bandwidth[${index}]`,
          stride,
          kernel: draw.pick([3, 1]),
          ...(act ? { act } : {}),
        };
      }
      case 'inverted':
        return { block, expand: draw.pick([1, 2, 'depth']), ...repeat };
      case 'squeezeExcite':
        return block;
      case 'unit':
        return channels % 2 === 0 ? { block, ...repeat } : { block: 'inverted', expand: 1 };
    }
  }

  #excite(): unknown {
    const { channels } = this.#shape;
    const squeezed = this.#draw.pick(divisors(channels));
    const sides = [
      [],
      [
        'globalAvgPool',
        { op: 'conv2d', filters: `in / ${channels / squeezed}` },
        randomActivation(this.#draw),
        { op: 'dense', units: channels },
        this.#draw.pick(['sigmoid', 'hardSigmoid']),
      ],
    ];
    return { op: 'multiply', branches: this.#draw.once(4) ? sides.toReversed() : sides };
  }

  #join(): unknown {
    const draw = this.#draw;
    const op = draw.pick(['add', 'concat', 'multiply'] as const);
    const count = draw.between(2, 3);
    const { channels } = this.#shape;
    if (op === 'concat' && channels % count === 0 && draw.once(2)) {
      const part = { ...this.#shape, channels: channels / count };
      return {
        op,
        split: count,
        branches: Array.from({ length: count }, () => this.#keepers(part)),
      };
    }
    const branches = Array.from({ length: count }, () => this.#keepers(this.#shape));
    if (op === 'concat') this.#width(channels * count);
    return { op, branches };
  }

  #keepers(shape: Shape): readonly unknown[] {
    return Array.from({ length: this.#draw.below(3) }, () => randomKeeper(this.#draw, shape));
  }

  #group(): unknown {
    const layers = [randomKeeper(this.#draw, this.#shape), ...this.#keepers(this.#shape)];
    const name = this.#draw.once(3) ? { name: this.#name() } : {};
    return { ...name, layers, repeat: this.#draw.pick([1, 2, 3]) };
  }

  #loop(): unknown {
    const draw = this.#draw;
    const form = draw.pick(['lists', 'range', 'table', 'when'] as const);
    switch (form) {
      case 'lists':
        this.#width(5);
        return { block: 'convBnAct', for: { width: [3, 5], kernel: [1, 3] } };
      case 'range':
        this.#width(bandwidth[2]);
        return { op: 'conv2d', kernel: 1, filters: 'bandwidth[i]', for: { i: '0..2' } };
      case 'table':
        this.#width(6);
        this.#stride(2);
        return {
          block: 'convBnAct',
          for: {
            columns: ['width', 'stride'],
            rows: [
              [4, 1],
              [6, 2],
            ],
          },
        };
      case 'when': {
        const wanted = draw.pick(bandwidth);
        this.#width(wanted);
        return { op: 'conv2d', filters: wanted, when: `in != ${wanted}` };
      }
    }
  }

  /** A layer with a name, and a join that comes back to it. */
  #skip(): readonly unknown[] {
    const draw = this.#draw;
    const name = this.#name();
    const op = draw.pick(['add', 'concat', 'multiply'] as const);
    const between = this.#keepers(this.#shape);
    const from = [draw.pick(['previous', name]), name];
    // A join that leaves out what lies between would leave it unused.
    if (from[0] === name)
      return [
        { op: 'batchNorm', name },
        { op, from: this.#grown(op, from) },
      ];
    return [{ op: 'batchNorm', name }, ...between, { op, from: this.#grown(op, from) }];
  }

  #grown(op: string, from: readonly string[]): readonly string[] {
    if (op === 'concat') this.#width(this.#shape.channels * 2);
    return from;
  }

  #name(): string {
    this.#names++;
    return this.#draw.pick([`named_${this.#names}`, `_x${this.#names}`, `a.b-${this.#names}`]);
  }
}
