/** As runtime/kernels/plain/augment.ts says: an image is sampled from its photo, then coloured in place. */
import { colourImage } from './augment-colour';
import { number, rowOf } from './augment-row';
import { sampleTurned } from './augment-turned';
import { sampleUpright } from './augment-upright';

export function augment(
  photos: usize,
  rows: usize,
  norms: usize,
  output: usize,
  scratch: usize,
  height: i32,
  width: i32,
  channels: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const size = ((height * width * channels) as usize) << 2;
  const room = scratch + (((slot * scratchSize) as usize) << 2);
  for (let n = begin; n < end; n++) {
    const row = rowOf(rows, n);
    const photo = photos + ((number(row, 0) as usize) << 6);
    const image = output + (n as usize) * size;
    if (number(row, 8) === 1 && number(row, 9) === 0) {
      sampleUpright(photo, row, image, room, height, width, channels);
    } else {
      sampleTurned(photo, row, image, height, width, channels);
    }
    colourImage(row, norms, image, height, width, channels);
  }
}
