/**
 * Collects the tensors and operators of a TFLite graph. A value is named after the layer that gives it, its weights
 * `layer.kernel`, helpers beside it `layer/what`; names of the language hold no slash.
 */

import { toHalf } from '../ts/weights-file.ts';
import type { OptionValue, TfliteOperator, TfliteTensor } from './file.ts';
import type { OperatorName, OptionsOf, TensorType } from './schema.ts';

/** A tensor by its position; [batch, height, width, channels] or [batch, channels]. */
export interface Value {
  readonly tensor: number;
  /** With a batch of one. */
  readonly shape: readonly number[];
}

/** What an operator is and makes, beside what enters it. */
export interface Making<O extends OperatorName> {
  readonly name: string;
  readonly shape: readonly number[];
  readonly options: OptionsOf<O>;
  readonly version?: number;
}

const largestHalf = 65504;

export class TfliteBuilder {
  readonly tensors: TfliteTensor[] = [];
  readonly operators: TfliteOperator[] = [];
  readonly #half: boolean;
  readonly #names = new Map<string, number>();

  /** `half`: kernels are stored as half floats. Names in `reserved` are left to `input` and `rename`. */
  constructor(half: boolean, reserved: readonly string[]) {
    this.#half = half;
    for (const name of reserved) this.#names.set(name, 1);
  }

  input(name: string, type: TensorType, shape: readonly number[]): Value {
    return this.#tensor({ name, type, shape, isBatch: true });
  }

  add<O extends OperatorName>(op: O, inputs: readonly Value[], making: Making<O>): Value {
    const { name, shape, options, version = 1 } = making;
    const output = this.#floats(name, shape, true);
    this.#push(op, version, inputs, output, options);
    return output;
  }

  /** Half floats where they are asked for and hold the values; an operator turns them into floats when it starts. */
  kernel(name: string, shape: readonly number[], values: Float32Array): Value {
    if (!this.#half || values.some((v) => !(Math.abs(v) <= largestHalf))) {
      return this.#constant(name, 'float32', shape, values);
    }
    const halves = this.#constant(name, 'float16', shape, Uint16Array.from(values, toHalf));
    const output = this.#floats(`${name}/float`, shape, false);
    this.#push('DEQUANTIZE', 3, [halves], output, {});
    return output;
  }

  floats(name: string, shape: readonly number[], values: ArrayLike<number>): Value {
    return this.#constant(name, 'float32', shape, Float32Array.from(values));
  }

  integers(name: string, values: readonly number[], shape: readonly number[] = [values.length]) {
    return this.#constant(name, 'int32', shape, Int32Array.from(values));
  }

  rename({ tensor }: Value, name: string): void {
    this.tensors[tensor] = { ...(this.tensors[tensor] as TfliteTensor), name };
  }

  /** The same numbers in another shape, one image after the other. */
  reshape(value: Value, name: string, shape: readonly number[]): Value {
    const newShape = [-1, ...shape.slice(1)];
    const sizes = this.integers(`${name}/shape`, newShape);
    return this.add('RESHAPE', [value, sizes], { name, shape, options: { newShape } });
  }

  #constant(
    name: string,
    type: TensorType,
    shape: readonly number[],
    { buffer, byteOffset, byteLength }: Float32Array | Int32Array | Uint16Array,
  ): Value {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return this.#tensor({ name: this.#unique(name), type, shape, bytes, isBatch: false });
  }

  #floats(name: string, shape: readonly number[], isBatch: boolean): Value {
    return this.#tensor({ name: this.#unique(name), type: 'float32', shape, isBatch });
  }

  #tensor(tensor: TfliteTensor): Value {
    this.tensors.push(tensor);
    return { tensor: this.tensors.length - 1, shape: tensor.shape };
  }

  #push(
    op: OperatorName,
    version: number,
    inputs: readonly Value[],
    output: Value,
    options: Readonly<Record<string, OptionValue>>,
  ): void {
    const read = inputs.map(({ tensor }) => tensor);
    this.operators.push({ op, version, inputs: read, outputs: [output.tensor], options });
  }

  #unique(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return count === 1 ? name : `${name}/${count}`;
  }
}
