/**
 * Collects the nodes and tensors of an ONNX graph. A layer's value is called `layer/out`, its weights `layer.weight`,
 * helpers beside it `layer/what`; names of the language hold no slash, so that none is met twice.
 */

import type { Weight } from '../../weights/store.ts';
import type { Rank } from '../torch-layout.ts';
import type { AttributeValue, OnnxNode, OnnxTensor } from './model.ts';

export interface Value {
  readonly name: string;
  readonly rank: Rank;
}

export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #names = new Map<string, number>();

  /** Adds a node; gives the name of its output. */
  add(
    op: string,
    layer: string,
    what: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const output = this.#unique(`${layer}/${what}`);
    this.nodes.push({ op, name: output, inputs, output, attributes });
    return output;
  }

  weight(name: string, { shape, values }: Weight): string {
    return this.#tensor(name, 'float', shape, values);
  }

  floats(layer: string, what: string, shape: readonly number[], values: readonly number[]): string {
    return this.#tensor(
      this.#unique(`${layer}/${what}`),
      'float',
      shape,
      Float32Array.from(values),
    );
  }

  integers(layer: string, what: string, values: readonly number[]): string {
    const name = this.#unique(`${layer}/${what}`);
    return this.#tensor(name, 'int64', [values.length], BigInt64Array.from(values.map(BigInt)));
  }

  /** The value as an image or a vector, whichever it was. */
  as(rank: Rank, value: Value, layer: string): string {
    if (rank === value.rank) return value.name;
    if (rank === 'vector') return this.add('Flatten', layer, 'vector', [value.name], { axis: 1 });
    // 0 keeps the size of the batch.
    const shape = this.integers(layer, 'shape', [0, -1, 1, 1]);
    return this.add('Reshape', layer, 'image', [value.name, shape]);
  }

  #tensor(
    name: string,
    type: OnnxTensor['type'],
    shape: readonly number[],
    values: Float32Array | BigInt64Array,
  ): string {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.initializers.push({ name, type, shape, bytes });
    return name;
  }

  #unique(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return count === 1 ? name : `${name}${count}`;
  }
}
