/**
 * Walks over the instructions of a function body. What a rewriter must know about an instruction is where it names a
 * function or a type; of all others only how long they are. Instructions that cannot be in a module of kernels (tables,
 * references, exceptions, atomics) are refused rather than guessed at.
 */
import { type Reader, WasmFormatError } from './binary.ts';

export interface IndexUse {
  readonly kind: 'function' | 'type';
  readonly index: number;
  /** Where the number stands. */
  readonly from: number;
  readonly to: number;
}

/** From the reader's place to its end: calls `use` for each index of a function or a type, in order. */
export function walkInstructions(reader: Reader, use: (use: IndexUse) => void): void {
  while (!reader.done) walkOne(reader, use);
}

function walkOne(reader: Reader, use: (use: IndexUse) => void): void {
  const start = reader.at;
  const opcode = reader.byte();
  if (opcode === 0x10) index(reader, 'function', use);
  else if (opcode >= 0x02 && opcode <= 0x04) blockType(reader, use);
  else if (opcode === 0xfc) bulk(reader);
  else if (opcode === 0xfd) vectorInstruction(reader);
  else {
    const immediates = plainImmediates(opcode);
    if (!immediates) throw new WasmFormatError(`opcode 0x${opcode.toString(16)}`, start);
    immediates(reader);
  }
}

function index(reader: Reader, kind: IndexUse['kind'], use: (use: IndexUse) => void): void {
  const from = reader.at;
  const value = reader.u32();
  use({ kind, index: value, from, to: reader.at });
}

/** Empty, one value type, or the index of a type: one number, whose sign tells them apart. */
function blockType(reader: Reader, use: (use: IndexUse) => void): void {
  const first = reader.peek();
  const isValueType = first < 0x80 && (first & 0x40) !== 0;
  if (isValueType) reader.skip(1);
  else index(reader, 'type', use);
}

const nothing = (): void => undefined;
const number = (reader: Reader): void => reader.skipNumber();

function memoryArgument(reader: Reader): void {
  const at = reader.at;
  // Bit 6 announces the index of a memory: only one memory is known here.
  if ((reader.u32() & 0x40) !== 0) throw new WasmFormatError('a second memory', at);
  reader.skipNumber();
}

function branchTable(reader: Reader): void {
  reader.vector((r) => r.skipNumber());
  reader.skipNumber();
}

function plainImmediates(opcode: number): ((reader: Reader) => void) | undefined {
  switch (opcode) {
    case 0x00: // unreachable
    case 0x01: // nop
    case 0x05: // else
    case 0x0b: // end
    case 0x0f: // return
    case 0x1a: // drop
    case 0x1b: // select
      return nothing;
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x20: // local.get, set, tee
    case 0x21:
    case 0x22:
    case 0x3f: // memory.size
    case 0x41: // i32.const
    case 0x42: // i64.const
      return number;
    case 0x0e:
      return branchTable;
    case 0x1c: // select with types
      return (reader) => void reader.vector((r) => r.byte());
    case 0x43: // f32.const
      return (reader) => reader.skip(4);
    case 0x44: // f64.const
      return (reader) => reader.skip(8);
    default:
      if (opcode >= 0x28 && opcode <= 0x3e) return memoryArgument;
      return opcode >= 0x45 && opcode <= 0xc4 ? nothing : undefined;
  }
}

/** Saturating conversions, memory.copy and memory.fill. */
function bulk(reader: Reader): void {
  const start = reader.at;
  const opcode = reader.u32();
  if (opcode <= 7) return;
  if (opcode === 10) reader.skip(2);
  else if (opcode === 11) reader.skip(1);
  else throw new WasmFormatError(`opcode 0xfc ${opcode}`, start);
}

const lastRelaxed = 0x113;

function vectorInstruction(reader: Reader): void {
  const start = reader.at;
  const opcode = reader.u32();
  if (opcode > lastRelaxed) throw new WasmFormatError(`opcode 0xfd ${opcode}`, start);
  if (opcode <= 11 || opcode === 92 || opcode === 93) memoryArgument(reader);
  else if (opcode === 12 || opcode === 13) reader.skip(16);
  else if (opcode >= 21 && opcode <= 34) reader.skip(1);
  else if (opcode >= 84 && opcode <= 91) {
    memoryArgument(reader);
    reader.skip(1);
  }
}
