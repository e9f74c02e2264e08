/** `mixImages` of runtime/kernels/plain/augment.ts. */
export function mixImages(
  input: usize,
  rows: usize,
  output: usize,
  height: i32,
  width: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const size = ((height * width * channels) as usize) << 2;
  const step = (channels as usize) << 2;
  for (let n = begin; n < end; n++) {
    const row = rows + ((n as usize) << 5);
    const partner = input + (load<f32>(row) as usize) * size;
    const share = load<f32>(row + 4);
    const left = load<f32>(row + 8) as i32;
    const top = load<f32>(row + 12) as i32;
    const right = left + (load<f32>(row + 16) as i32);
    const bottom = top + (load<f32>(row + 20) as i32);
    let offset: usize = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const own: f32 = x >= left && x < right && y >= top && y < bottom ? 0 : share;
        for (const last = offset + step; offset < last; offset += 4) {
          const at = (n as usize) * size + offset;
          store<f32>(
            output + at,
            own * load<f32>(input + at) + (1 - own) * load<f32>(partner + offset),
          );
        }
      }
    }
  }
}
