/** Why a data set was refused. One class a code, so that a caller can tell them apart by either. */
import { RuntimeError, type RuntimeErrorDetails } from '../runtime-error.ts';

type Details = Omit<RuntimeErrorDetails, 'code'>;

export abstract class DataError extends RuntimeError {}

/** E501 The folder or archive is not there. */
export class DataNotFoundError extends DataError {
  constructor(details: Details) {
    super({ code: 'E501', ...details });
  }
}

/** E502 Nothing to train on: no image, or none that carries a label. */
export class NoImagesError extends DataError {
  constructor(details: Details) {
    super({ code: 'E502', ...details });
  }
}

/** E503 The classes of two splits, or of the data and the architecture, are not the same. */
export class ClassMismatchError extends DataError {
  constructor(details: Details) {
    super({ code: 'E503', ...details });
  }
}

/** E504 More images than `maxBad` allows could not be decoded. */
export class CorruptImagesError extends DataError {
  constructor(details: Details) {
    super({ code: 'E504', ...details });
  }
}

/** E505 The archive is of a kind netlathe does not read, damaged, or unsafe. */
export class ArchiveError extends DataError {
  constructor(details: Details) {
    super({ code: 'E505', ...details });
  }
}

/** E506 The system would not let a file be read, or it changed meanwhile. */
export class UnreadableFileError extends DataError {
  constructor(details: Details) {
    super({ code: 'E506', ...details });
  }
}

/** E507 A symbolic link leaves the data folder, leads nowhere or goes round in a circle. */
export class UnsafeLinkError extends DataError {
  constructor(details: Details) {
    super({ code: 'E507', ...details });
  }
}

/** E508 Which folder is which split cannot be told, or the one named is not there. */
export class SplitError extends DataError {
  constructor(details: Details) {
    super({ code: 'E508', ...details });
  }
}

/** E509 The decoded images do not fit into memory. */
export class DataTooLargeError extends DataError {
  constructor(details: Details) {
    super({ code: 'E509', ...details });
  }
}

/** E510 One image, asked for by itself, could not be decoded. */
export class UnreadableImageError extends DataError {
  constructor(details: Details) {
    super({ code: 'E510', ...details });
  }
}

/** E511 An option makes no sense. */
export class DataOptionError extends DataError {
  constructor(details: Details) {
    super({ code: 'E511', ...details });
  }
}

/** The first few of many, and how many more there are: what an error or a warning names. */
export function firstFew(lines: readonly string[], limit = 20): string[] {
  if (lines.length <= limit) return [...lines];
  return [...lines.slice(0, limit), `and ${lines.length - limit} more`];
}

/** `1 image`, `2 images`. */
export function plural(count: number, noun: string): string {
  const many = noun.endsWith('s') ? `${noun}es` : `${noun}s`;
  return `${count} ${count === 1 ? noun : many}`;
}
