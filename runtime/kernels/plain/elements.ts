/** The work unit of kernels that treat a buffer as a plain row of numbers. */
export const ELEMENTS_UNIT = 4096;

/** How many units a buffer of `size` elements is: the end of the range of its kernels. */
export function elementUnitCount(size: number): number {
  return Math.ceil(size / ELEMENTS_UNIT);
}

/** The elements of the units [begin, end). */
export function* elementUnits(size: number, begin: number, end: number): Generator<number> {
  const last = Math.min(end * ELEMENTS_UNIT, size);
  for (let i = begin * ELEMENTS_UNIT; i < last; i++) yield i;
}
