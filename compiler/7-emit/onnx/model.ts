/**
 * The messages of ONNX that a network needs, by the field numbers of onnx.proto (IR version 8).
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

import * as pb from './protobuf.ts';

export const irVersion = 8;
export const opset = 17;

/** Type numbers of TensorProto. */
const elementTypes = { float: 1, uint8: 2, int64: 7 } as const;
export type ElementType = keyof typeof elementTypes;

export type AttributeValue = number | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Integers unless wrapped in `{ float }`. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: 'float' | 'int64';
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  /** A name stands for a size that is known when the model runs. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly name: string;
  readonly description: string;
  readonly producerVersion: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly input: OnnxValue;
  readonly output: OnnxValue;
  readonly metadata: ReadonlyMap<string, string>;
}

export function encodeModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  return pb.assemble(
    pb.integer(1, irVersion),
    pb.text(2, 'netlathe'),
    pb.text(3, model.producerVersion),
    pb.text(6, model.description),
    pb.message(7, graph(model)),
    pb.message(8, pb.text(1, ''), pb.integer(2, opset)),
    ...[...model.metadata].map(([key, value]) =>
      pb.message(14, pb.text(1, key), pb.text(2, value)),
    ),
  );
}

function graph({ name, nodes, initializers, input, output }: OnnxModel): pb.Message {
  return [
    ...nodes.map((each) => pb.message(1, node(each))),
    pb.text(2, name),
    ...initializers.map((each) => pb.message(5, tensor(each))),
    pb.message(11, value(input)),
    pb.message(12, value(output)),
  ].flat();
}

function node({ op, name, inputs, output, attributes = {} }: OnnxNode): pb.Message {
  return [
    ...inputs.map((input) => pb.text(1, input)),
    pb.text(2, output),
    pb.text(3, name),
    pb.text(4, op),
    ...Object.entries(attributes).map(([key, each]) => pb.message(5, attribute(key, each))),
  ].flat();
}

function attribute(name: string, given: AttributeValue): pb.Message {
  const [value, type] =
    typeof given === 'number'
      ? [pb.integer(3, given), 2]
      : 'float' in given
        ? [pb.float(2, given.float), 1]
        : [pb.integers(8, given), 7];
  return [pb.text(1, name), value, pb.integer(20, type)].flat();
}

function tensor({ name, type, shape, bytes }: OnnxTensor): pb.Message {
  return [
    pb.integers(1, shape),
    pb.integer(2, elementTypes[type]),
    pb.text(8, name),
    pb.bytes(9, bytes),
  ].flat();
}

function value({ name, type, shape }: OnnxValue): pb.Message {
  const sizes = shape.map((size) =>
    pb.message(1, typeof size === 'number' ? pb.integer(1, size) : pb.text(2, size)),
  );
  const tensorType = [pb.integer(1, elementTypes[type]), pb.message(2, ...sizes)].flat();
  return [pb.text(1, name), pb.message(2, pb.message(1, tensorType))].flat();
}
