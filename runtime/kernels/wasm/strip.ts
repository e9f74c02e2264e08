/** Work on a strip of lines while it is in the cache: what the fused kernels of inference share. */
import { Any, HARD_SWISH, HardSwish, IDENTITY, RELU, RELU6, Relu, Relu6 } from './activation';
import { loadPartial, storePartial } from './simd';

/** Lines of a strip of about so many pixels; an even number where they are pooled. As in plain/scratch.ts. */
export function fusedLines(width: i32, height: i32, pixels: i32, pool: i32): i32 {
  const lines = min(height, max(1, pixels / width));
  return pool ? (lines + 1) & ~1 : lines;
}

/** Pixels of a strip whose rows have so many channels: about 16 KiB. */
export function fusedPixels(channels: i32): i32 {
  return max(16, (4096 / channels) & ~3);
}

/** Bytes of so many floats, in whole cache lines. */
export function stripBytes(floats: i32): usize {
  return (((floats + 15) & ~15) << 2) as usize;
}

function pass<A>(at: usize, count: i32, code: i32, parameter: f32): void {
  const f = changetype<A>(0);
  const end = at + ((count << 2) as usize);
  for (; at + 64 <= end; at += 64) {
    v128.store(at, f.forward(v128.load(at), code, parameter));
    v128.store(at, f.forward(v128.load(at, 16), code, parameter), 16);
    v128.store(at, f.forward(v128.load(at, 32), code, parameter), 32);
    v128.store(at, f.forward(v128.load(at, 48), code, parameter), 48);
  }
  for (; at < end; at += 16) {
    const lanes = min(4, ((end - at) >> 2) as i32);
    storePartial(at, f.forward(loadPartial(at, lanes), code, parameter), lanes);
  }
}

/** An activation over `count` floats, in place. */
export function activateStrip(at: usize, count: i32, code: i32, parameter: f32): void {
  if (code === IDENTITY) return;
  if (code === RELU) pass<Relu>(at, count, code, parameter);
  else if (code === RELU6) pass<Relu6>(at, count, code, parameter);
  else if (code === HARD_SWISH) pass<HardSwish>(at, count, code, parameter);
  else pass<Any>(at, count, code, parameter);
}
