/**
 * Along one axis, the taps of a kernel that meet a given input pixel are those of one residue class of the stride:
 * tap * dilation ≡ position + padding (mod stride). The gradient to the input goes through the classes one by one.
 */

export function tapsOfClass(taps: i32, stride: i32, dilation: i32, residue: i32): i32 {
  let count = 0;
  for (let tap = 0; tap < taps; tap++) if ((tap * dilation) % stride === residue) count++;
  return count;
}

export function tapsBeforeClass(taps: i32, stride: i32, dilation: i32, residue: i32): i32 {
  let count = 0;
  for (let tap = 0; tap < taps; tap++) if ((tap * dilation) % stride < residue) count++;
  return count;
}

export function lastTapOfClass(taps: i32, stride: i32, dilation: i32, residue: i32): i32 {
  let tap = taps - 1;
  while (tap > 0 && (tap * dilation) % stride !== residue) tap--;
  return tap;
}

function greatestCommonDivisor(a: i32, b: i32): i32 {
  while (b) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/** From one tap of a class to the next, in pixels of the output. */
export function classStep(stride: i32, dilation: i32): i32 {
  return dilation / greatestCommonDivisor(stride, dilation);
}

/** From one tap of a class to the next, in taps. */
export function classTapStep(stride: i32, dilation: i32): i32 {
  return stride / greatestCommonDivisor(stride, dilation);
}
