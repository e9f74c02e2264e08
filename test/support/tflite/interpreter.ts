/** Runs a .tflite file that was read, operator after operator, and holds each value against the shape that the file says. */
import { kernels, type Tensor } from './kernels.ts';
import type { ReadModel, ReadOperator, ReadTensor, Table } from './reader.ts';

/** `batch` images of the input's size. */
export function runTflite(model: ReadModel, input: ArrayLike<number>, batch: number): Tensor {
  const values = model.tensors.map(constantOf);
  const [first] = model.inputs as readonly [number];
  const shape = (model.tensors[first] as ReadTensor).shape.with(0, batch);
  values[first] = { shape, data: input };
  for (const operator of model.operators) {
    const outputs = compute(operator, values);
    for (const [i, id] of operator.outputs.entries()) {
      const value = outputs[i] as Tensor;
      check(model.tensors[id] as ReadTensor, value, batch);
      if (values[id]) throw new Error(`tensor ${id} is written twice`);
      values[id] = value;
    }
  }
  return values[model.outputs[0] as number] as Tensor;
}

export function nameOf({ code }: ReadOperator): string {
  return kernels.get(code)?.name ?? `operator ${code}`;
}

function compute(
  operator: ReadOperator,
  values: readonly (Tensor | undefined)[],
): readonly Tensor[] {
  const known = kernels.get(operator.code);
  if (!known) throw new Error(`operator ${operator.code} is not known here`);
  if (operator.optionsType !== known.optionsType) {
    throw new Error(`${known.name} has options of type ${operator.optionsType}`);
  }
  const inputs = operator.inputs.map((id) => {
    const value = values[id];
    if (!value) throw new Error(`${known.name} reads tensor ${id} before it is there`);
    return value;
  });
  const given = known.run(inputs, operator.options as Table);
  return Array.isArray(given) ? given : [given as Tensor];
}

/** Where the file leaves the first axis open it is the batch. */
function check({ name, shape, signature }: ReadTensor, value: Tensor, batch: number): void {
  const wanted = signature ? shape.with(0, batch) : shape;
  if (String(wanted) !== String(value.shape)) {
    throw new Error(`${name} is ${value.shape}, the file says ${wanted}`);
  }
  if (signature && String(signature) !== String(shape.with(0, -1))) {
    throw new Error(`${name} has the signature ${signature}`);
  }
}

/** TensorType: float32, float16, int32. */
function constantOf({ type, shape, constant, name }: ReadTensor): Tensor | undefined {
  if (!constant) return undefined;
  const { buffer } = constant.bytes;
  if (type === 0) return { shape, data: new Float32Array(buffer) };
  if (type === 1) return { shape, data: new Uint16Array(buffer) };
  if (type === 2) return { shape, data: new Int32Array(buffer) };
  throw new Error(`${name} is a constant of type ${type}`);
}
