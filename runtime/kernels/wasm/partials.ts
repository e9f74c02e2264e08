/** Sums over the batch: what the chunks of a batch have left, added in chunk order. */

const UNIT: i32 = 4096;

export function sumPartials(
  partials: usize,
  sum: usize,
  size: i32,
  chunks: i32,
  accumulate: i32,
  begin: i32,
  end: i32,
): void {
  const last = min(end * UNIT, size);
  const stride = (size << 2) as usize;
  let i = begin * UNIT;
  for (; i + 4 <= last; i += 4) {
    const to = sum + ((i << 2) as usize);
    let from = partials + ((i << 2) as usize);
    let total = v128.load(from);
    for (let chunk = 1; chunk < chunks; chunk++) {
      from += stride;
      total = f32x4.add(total, v128.load(from));
    }
    v128.store(to, accumulate ? f32x4.add(v128.load(to), total) : total);
  }
  for (; i < last; i++) {
    const to = sum + ((i << 2) as usize);
    let from = partials + ((i << 2) as usize);
    let total = f32.load(from);
    for (let chunk = 1; chunk < chunks; chunk++) {
      from += stride;
      total += f32.load(from);
    }
    f32.store(to, accumulate ? f32.load(to) + total : total);
  }
}

/** The gradient to a bias: for each chunk of the batch, the sum of each channel over its pixels. */
export function biasGradient(
  gradient: usize,
  partials: usize,
  batch: i32,
  pixels: i32,
  channels: i32,
  chunks: i32,
  begin: i32,
  end: i32,
): void {
  const stride = (channels << 2) as usize;
  for (let chunk = begin; chunk < end; chunk++) {
    const partial = partials + (chunk as usize) * stride;
    memory.fill(partial, 0, stride);
    const last = (((chunk + 1) * batch) / chunks) * pixels;
    let from = gradient + ((((chunk * batch) / chunks) * pixels) as usize) * stride;
    for (let row = ((chunk * batch) / chunks) * pixels; row < last; row++) {
      let to = partial;
      let c = channels;
      for (; c >= 4; c -= 4, to += 16, from += 16) {
        v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
      }
      for (; c > 0; c--, to += 4, from += 4) f32.store(to, f32.load(to) + f32.load(from));
    }
  }
}
