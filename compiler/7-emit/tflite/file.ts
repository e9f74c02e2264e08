/** A model as the bytes of a .tflite file; the numbers of fields are those of schema.fbs. */

import type { Offset } from 'flatbuffers';
import {
  type Field,
  fileIdentifier,
  type OperatorName,
  operators,
  optionTables,
  schemaVersion,
  type TensorType,
  tensorTypes,
} from './schema.ts';
import { at, type Slot, scalar, TableWriter } from './tables.ts';

export interface TfliteTensor {
  readonly name: string;
  readonly type: TensorType;
  /** With a batch of one image. */
  readonly shape: readonly number[];
  /** Of a constant. */
  readonly bytes?: Uint8Array;
  /** Whether the first axis is the images, as many as are asked for. */
  readonly isBatch: boolean;
}

export type OptionValue = number | readonly number[];

export interface TfliteOperator {
  readonly op: OperatorName;
  /** The oldest of the operator that does what is asked for. */
  readonly version: number;
  /** Positions in the list of tensors. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Readonly<Record<string, OptionValue>>;
}

export interface TfliteModel {
  readonly description: string;
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  /** Positions in the list of tensors, by their names in the signature. */
  readonly inputs: ReadonlyMap<string, number>;
  readonly outputs: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, Uint8Array>;
}

/** What the kernels of runtimes expect of the first byte of a constant. */
const alignment = 16;

export function encodeModel(model: TfliteModel): Uint8Array {
  const writer = new TableWriter(sizeOf(model));
  const codes = codesOf(model);
  const constants = model.tensors.flatMap(({ bytes }) => (bytes ? [bytes] : []));
  // Buffer 0 is empty by convention: tensors that are no constants name it.
  const contents = [undefined, ...constants, ...model.metadata.values()];
  const buffers = contents.map((bytes) =>
    bytes ? writer.table(at(0, writer.bytes(bytes, alignment))) : writer.table(),
  );
  const metadata = [...model.metadata.keys()].map((name, i) =>
    writer.table(at(0, writer.text(name)), scalar(1, 'uint32', 1 + constants.length + i)),
  );
  const root = writer.table(
    scalar(0, 'uint32', schemaVersion),
    at(1, writer.tables([...codes.values()].map((code) => operatorCode(writer, code)))),
    at(2, writer.tables([subgraph(writer, model, [...codes.keys()])])),
    at(3, writer.text(model.description)),
    at(4, writer.tables(buffers)),
    at(6, writer.tables(metadata)),
    at(7, writer.tables([signature(writer, model)])),
  );
  return writer.finish(root, fileIdentifier);
}

type Code = Pick<TfliteOperator, 'op' | 'version'>;

const keyOf = ({ op, version }: Code): string => `${op} ${version}`;

/** The operators that occur, each once. */
function codesOf({ operators: all }: TfliteModel): ReadonlyMap<string, Code> {
  return new Map(all.map((each) => [keyOf(each), each]));
}

function sizeOf({ tensors, operators: all, metadata }: TfliteModel): number {
  const constants = [...tensors.map(({ bytes }) => bytes), ...metadata.values()];
  const bytes = constants.reduce((sum, each) => sum + (each?.byteLength ?? 0), 0);
  return bytes + 256 * (tensors.length + all.length) + 4096;
}

/** Readers from before 2020 look at field 0, which ends at 127. */
function operatorCode(writer: TableWriter, { op, version }: Code): Offset {
  const { code } = operators[op];
  return writer.table(
    scalar(0, 'int8', Math.min(code, 127)),
    scalar(2, 'int32', version, 1),
    scalar(3, 'int32', code),
  );
}

function subgraph(writer: TableWriter, model: TfliteModel, codes: readonly string[]): Offset {
  let constants = 0;
  const tensors = model.tensors.map((each) =>
    tensor(writer, each, each.bytes ? ++constants : undefined),
  );
  const all = model.operators.map((each) => operator(writer, each, codes.indexOf(keyOf(each))));
  return writer.table(
    at(0, writer.tables(tensors)),
    at(1, writer.integers([...model.inputs.values()])),
    at(2, writer.integers([...model.outputs.values()])),
    at(3, writer.tables(all)),
    at(4, writer.text('main')),
  );
}

function tensor(
  writer: TableWriter,
  { name, type, shape, isBatch }: TfliteTensor,
  buffer: number | undefined,
): Offset {
  const fields = [
    at(0, writer.integers(shape)),
    scalar(1, 'int8', tensorTypes[type]),
    scalar(2, 'uint32', buffer ?? 0),
    at(3, writer.text(name)),
  ];
  // In the signature of a shape -1 is what may be resized.
  if (isBatch) fields.push(at(7, writer.integers([-1, ...shape.slice(1)])));
  return writer.table(...fields);
}

function operator(writer: TableWriter, given: TfliteOperator, code: number): Offset {
  const { options: name } = operators[given.op];
  const fields = [
    scalar(0, 'uint32', code),
    at(1, writer.integers(given.inputs)),
    at(2, writer.integers(given.outputs)),
  ];
  if (name !== undefined) {
    const { number, fields: known } = optionTables[name];
    const slots = Object.entries<Field>(known).map(([key, field]) =>
      option(writer, field, given.options[key]),
    );
    fields.push(scalar(3, 'uint8', number), at(4, writer.table(...slots)));
  }
  return writer.table(...fields);
}

function option(writer: TableWriter, { id, type, missing }: Field, value?: OptionValue): Slot {
  if (value === undefined) throw new Error(`netlathe bug: an option of TFLite without a value`);
  if (typeof value !== 'number') return at(id, writer.integers(value));
  if (type === 'int32s') throw new Error('netlathe bug: a list of TFLite that is a number');
  return scalar(id, type, value, missing);
}

function signature(writer: TableWriter, { inputs, outputs }: TfliteModel): Offset {
  const map = (entries: ReadonlyMap<string, number>) =>
    writer.tables(
      [...entries].map(([name, tensor]) =>
        writer.table(at(0, writer.text(name)), scalar(1, 'uint32', tensor)),
      ),
    );
  return writer.table(
    at(0, map(inputs)),
    at(1, map(outputs)),
    at(2, writer.text('serving_default')),
  );
}
