/** Activations on their own, where no batch norm could take them along. */
import {
  Any,
  HARD_SWISH,
  HardSwish,
  IDENTITY,
  Identity,
  RELU,
  RELU6,
  Relu,
  Relu6,
} from './activation';
import { loadPartial, storePartial } from './simd';

function forward<A>(x: usize, y: usize, code: i32, parameter: f32, first: i32, last: i32): void {
  for (let i = first; i < last; i += 4) {
    const at = (i << 2) as usize;
    const lanes = min(last - i, 4);
    const value = changetype<A>(0).forward(loadPartial(x + at, lanes), code, parameter);
    storePartial(y + at, value, lanes);
  }
}

function backward<A>(
  x: usize,
  dy: usize,
  dx: usize,
  code: i32,
  parameter: f32,
  first: i32,
  last: i32,
): void {
  for (let i = first; i < last; i += 4) {
    const at = (i << 2) as usize;
    const lanes = min(last - i, 4);
    const gradient = loadPartial(dy + at, lanes);
    const value = changetype<A>(0).backward(loadPartial(x + at, lanes), gradient, code, parameter);
    storePartial(dx + at, value, lanes);
  }
}

export function activationForward(
  x: usize,
  y: usize,
  size: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const first = begin * size;
  const last = end * size;
  if (activation === IDENTITY) forward<Identity>(x, y, activation, parameter, first, last);
  else if (activation === RELU) forward<Relu>(x, y, activation, parameter, first, last);
  else if (activation === RELU6) forward<Relu6>(x, y, activation, parameter, first, last);
  else if (activation === HARD_SWISH) forward<HardSwish>(x, y, activation, parameter, first, last);
  else forward<Any>(x, y, activation, parameter, first, last);
}

export function activationBackward(
  x: usize,
  dy: usize,
  dx: usize,
  size: i32,
  activation: i32,
  parameter: f32,
  begin: i32,
  end: i32,
): void {
  const first = begin * size;
  const last = end * size;
  if (activation === IDENTITY) backward<Identity>(x, dy, dx, activation, parameter, first, last);
  else if (activation === RELU) backward<Relu>(x, dy, dx, activation, parameter, first, last);
  else if (activation === RELU6) backward<Relu6>(x, dy, dx, activation, parameter, first, last);
  else if (activation === HARD_SWISH) {
    backward<HardSwish>(x, dy, dx, activation, parameter, first, last);
  } else backward<Any>(x, dy, dx, activation, parameter, first, last);
}
