/** Weights into the panels that multiplyPanels reads: once a step, for all images. */
import { PANEL, panelBytes, panelCount } from './gemm';

/** For the forward product: a panel is eight output channels of a group, its rows the weights in their own order. */
export function packWeights(
  weights: usize,
  bias: usize,
  packed: usize,
  depth: i32,
  outChannels: i32,
  groups: i32,
  hasBias: i32,
  begin: i32,
  end: i32,
): void {
  const channels = outChannels / groups;
  const panels = panelCount(channels);
  for (let unit = begin; unit < end; unit++) {
    const first = (unit % panels) * PANEL;
    const cols = min(PANEL, channels - first);
    const column = (((unit / panels) * channels + first) << 2) as usize;
    let to = packed + (unit as usize) * panelBytes(depth);
    for (let j = 0; j < PANEL; j++, to += 4) {
      f32.store(to, hasBias && j < cols ? f32.load(bias + column + ((j << 2) as usize)) : 0);
    }
    let from = weights + column;
    for (let k = 0; k < depth; k++, from += (outChannels << 2) as usize) {
      for (let j = 0; j < PANEL; j++, to += 4) {
        f32.store(to, j < cols ? f32.load(from + ((j << 2) as usize)) : 0);
      }
    }
  }
}

/**
 * For the gradient to the input: a panel is eight input channels of a group, its rows (tap, output channel). With a
 * stride only the taps of one residue class meet a given pixel, so taps are sorted by class, and by falling position
 * within one, which makes the source rise.
 */
export function packWeightsTransposed(
  weights: usize,
  packed: usize,
  kernelHeight: i32,
  kernelWidth: i32,
  inChannels: i32,
  outChannels: i32,
  strideY: i32,
  strideX: i32,
  dilationY: i32,
  dilationX: i32,
  groups: i32,
  begin: i32,
  end: i32,
): void {
  const inGroup = inChannels / groups;
  const outGroup = outChannels / groups;
  const panels = panelCount(inGroup);
  const depth = kernelHeight * kernelWidth * outGroup;
  const rowStride = (outChannels << 2) as usize;
  for (let unit = begin; unit < end; unit++) {
    const first = (unit % panels) * PANEL;
    const cols = min(PANEL, inGroup - first);
    const column = (((unit / panels) * outGroup) << 2) as usize;
    let to = packed + (unit as usize) * panelBytes(depth);
    for (let j = 0; j < PANEL; j++, to += 4) f32.store(to, 0);
    for (let classY = 0; classY < strideY; classY++) {
      for (let classX = 0; classX < strideX; classX++) {
        for (let y = kernelHeight - 1; y >= 0; y--) {
          if ((y * dilationY) % strideY !== classY) continue;
          for (let x = kernelWidth - 1; x >= 0; x--) {
            if ((x * dilationX) % strideX !== classX) continue;
            const tap = ((y * kernelWidth + x) * inGroup + first) as usize;
            let from = weights + tap * rowStride + column;
            for (let k = 0; k < outGroup; k++, from += 4) {
              for (let j = 0; j < PANEL; j++, to += 4) {
                f32.store(to, j < cols ? f32.load(from + (j as usize) * rowStride) : 0);
              }
            }
          }
        }
      }
    }
  }
}
