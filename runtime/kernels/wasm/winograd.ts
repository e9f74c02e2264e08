/**
 * 3x3 convolution without stride, dilation and groups by Winograd's F(4x4, 3x3): a tile of 4x4 outputs takes 36
 * multiplications for each pair of channels instead of 144, as 36 matrix products over blocks of tiles that stay in
 * the cache. The gradient to the input is the same over the output's gradient.
 */
import { PANEL, panelCount } from './gemm';
import { loadPartial, storePartial } from './simd';
import { multiplyOuter, multiplyTiles } from './winograd-gemm';
import { POINTS, pointsToWeights, TILE, weightPoints } from './winograd-points';
import {
  gradientTiles,
  inputTiles,
  outputTiles,
  POINTS_2D,
  pointBytes,
  productBytes,
  TEMPORARY_BYTES,
  tileBytes,
  tilesAlong,
  vectorBytes,
  wholeTiles,
} from './winograd-tiles';

/** Four floats, `step` bytes apart; `count` of them, the rest zero. */
function gather(from: usize, step: usize, count: i32): v128 {
  if (step === 4) return loadPartial(from, count);
  let v = v128.load32_zero(from);
  if (count > 1) v = v128.load_lane<f32>(from + step, v, 1);
  if (count > 2) v = v128.load_lane<f32>(from + 2 * step, v, 2);
  if (count > 3) v = v128.load_lane<f32>(from + 3 * step, v, 3);
  return v;
}

export function packWinograd(
  weights: usize,
  packed: usize,
  inChannels: i32,
  outChannels: i32,
  transposed: i32,
  begin: i32,
  end: i32,
): void {
  const depth = transposed ? outChannels : inChannels;
  const channels = transposed ? inChannels : outChannels;
  const wide = (outChannels << 2) as usize;
  const rowStep: usize = transposed ? 4 : wide;
  const columnStep: usize = transposed ? wide : 4;
  // Backwards through the taps for the gradient to the input.
  const tap = ((inChannels * outChannels) << 2) as isize;
  const tapX = transposed ? -tap : tap;
  const first = transposed ? weights + ((8 * tap) as usize) : weights;
  const point = (depth << 5) as usize;
  const panel = (POINTS_2D as usize) * point;
  for (let unit = begin; unit < end; unit++) {
    const start = packed + (unit as usize) * panel;
    for (let half = 0; half < PANEL; half += 4) {
      const column = unit * PANEL + half;
      const count = channels - column;
      let to = start + ((half << 2) as usize);
      let from = first + (column as usize) * columnStep;
      for (let row = 0; row < depth; row++, to += 32, from += rowStep) {
        if (count <= 0) {
          for (let i = 0; i < POINTS_2D; i++) {
            v128.store(to + (i as usize) * point, f32x4.splat(0));
          }
          continue;
        }
        for (let x = 0; x < 3; x++) {
          const at = (from + (x as isize) * tapX) as usize;
          weightPoints(
            gather(at, columnStep, count),
            gather(at + ((3 * tapX) as usize), columnStep, count),
            gather(at + ((6 * tapX) as usize), columnStep, count),
            to + (x as usize) * point,
            (POINTS as usize) * point,
          );
        }
        for (let y = 0; y < POINTS; y++) {
          const line = to + ((y * POINTS) as usize) * point;
          weightPoints(
            v128.load(line),
            v128.load(line + point),
            v128.load(line + 2 * point),
            line,
            point,
          );
        }
      }
    }
  }
}

export function winograd(
  input: usize,
  packed: usize,
  bias: usize,
  output: usize,
  scratch: usize,
  batch: i32,
  inHeight: i32,
  inWidth: i32,
  inChannels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  padTop: i32,
  padLeft: i32,
  hasBias: i32,
  chunks: i32,
  tileRows: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const down = tilesAlong(outHeight);
  const across = tilesAlong(outWidth);
  const pixel = vectorBytes(inChannels);
  const inTile = tileBytes(inChannels);
  const outTile = productBytes(outChannels);
  const most = wholeTiles(tileRows * across) as usize;
  const inPoint = pointBytes(most * inTile);
  const outPoint = pointBytes(most * outTile);
  const linesBytes = ((POINTS * (across * TILE + 2)) as usize) * pixel;
  const lines = scratch + (((slot * scratchSize) << 2) as usize);
  const zeros = lines + linesBytes;
  const staged = zeros + (inWidth as usize) * pixel;
  const values = staged + ((POINTS * inWidth) as usize) * pixel;
  const products = values + (POINTS_2D as usize) * inPoint;
  const temporary = products + (POINTS_2D as usize) * outPoint;
  const biases = temporary + TEMPORARY_BYTES;
  memory.fill(lines, 0, staged - lines);
  memory.fill(biases, 0, vectorBytes(outChannels));
  if (hasBias) memory.copy(biases, bias, (outChannels << 2) as usize);
  const inImage = ((inHeight * inWidth * inChannels) << 2) as usize;
  const outLine = ((outWidth * outChannels) << 2) as usize;
  const point = (inChannels << 5) as usize;
  const last = ((end * batch) / chunks) * down;
  for (let row = ((begin * batch) / chunks) * down; row < last; row += tileRows) {
    const rows = min(tileRows, last - row);
    for (let i = 0; i < rows; i++) {
      const image = (row + i) / down;
      inputTiles(
        input + (image as usize) * inImage,
        values + ((i * across) as usize) * inTile,
        lines,
        zeros,
        staged,
        inHeight,
        inWidth,
        inChannels,
        across,
        ((row + i) % down) * TILE - padTop,
        padLeft,
        inPoint,
      );
    }
    for (let i = 0; i < POINTS_2D; i++) {
      multiplyTiles(
        values + (i as usize) * inPoint,
        inTile,
        packed + (i as usize) * point,
        (POINTS_2D as usize) * point,
        products + (i as usize) * outPoint,
        outTile,
        wholeTiles(rows * across),
        panelCount(outChannels),
        inChannels,
      );
    }
    for (let i = 0; i < rows; i++) {
      const image = (row + i) / down;
      const y = ((row + i) % down) * TILE;
      outputTiles(
        products + ((i * across) as usize) * outTile,
        output + ((image * outHeight + y) as usize) * outLine,
        temporary,
        biases,
        min(TILE, outHeight - y),
        outWidth,
        outChannels,
        outPoint,
      );
    }
  }
}

/** The sums of a panel, [36][inChannels][8], to those of the nine weights, eight output channels of each. */
function sumsToWeights(
  sums: usize,
  weights: usize,
  temporary: usize,
  inChannels: i32,
  outChannels: i32,
  columns: i32,
  pointStep: usize,
): void {
  const line = (outChannels << 2) as usize;
  const tap = (inChannels as usize) * line;
  for (let i = 0; i < 2 * inChannels; i++, sums += 16) {
    const left = columns - ((i & 1) << 2);
    if (left <= 0) continue;
    for (let x = 0; x < POINTS; x++) {
      pointsToWeights(
        sums + (x as usize) * pointStep,
        (POINTS as usize) * pointStep,
        temporary + ((x << 4) as usize),
        POINTS * 16,
      );
    }
    let to = weights + ((i >> 1) as usize) * line + (((i & 1) << 4) as usize);
    let from = temporary;
    for (let y = 0; y < 3; y++, from += POINTS * 16, to += 3 * tap) {
      pointsToWeights(from, 16, from, 16);
      storePartial(to, v128.load(from), left);
      storePartial(to + tap, v128.load(from, 16), left);
      storePartial(to + 2 * tap, v128.load(from, 32), left);
    }
  }
}

export function winogradWeightGradient(
  input: usize,
  gradient: usize,
  partials: usize,
  scratch: usize,
  batch: i32,
  inHeight: i32,
  inWidth: i32,
  inChannels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  padTop: i32,
  padLeft: i32,
  chunks: i32,
  tileRows: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const down = tilesAlong(outHeight);
  const across = tilesAlong(outWidth);
  const pixel = vectorBytes(inChannels);
  const outPixel = vectorBytes(outChannels);
  const inTile = tileBytes(inChannels);
  const most = tileRows * across;
  const inPoint = pointBytes((most as usize) * inTile);
  const panelStep = (most << 5) as usize;
  const outPoint = pointBytes((panelCount(outChannels) as usize) * panelStep);
  const panels = panelCount(outChannels);
  const inRows = (inChannels + 3) & ~3;
  const sumPoint = pointBytes((inRows << 5) as usize);
  // One block a chunk, and a panel's sums are done before the next one starts.
  const images = (batch + chunks - 1) / chunks;
  const single = images * down <= tileRows;
  const sumPanel = (POINTS_2D as usize) * sumPoint;
  const lineBytes = ((across * TILE + 2) as usize) * pixel;
  const outLineBytes = ((across * TILE) as usize) * outPixel;
  const zeroBytes = max((inWidth as usize) * pixel, (outWidth as usize) * outPixel);
  const lines = scratch + (((slot * scratchSize) << 2) as usize);
  const outLines = lines + (POINTS as usize) * lineBytes;
  const zeros = outLines + (POINTS as usize) * outLineBytes;
  const staged = zeros + zeroBytes;
  const values = staged + (POINTS as usize) * zeroBytes;
  const columns = values + (POINTS_2D as usize) * inPoint;
  const sums = columns + (POINTS_2D as usize) * outPoint;
  const temporary = sums + ((single ? 1 : panels) as usize) * sumPanel;
  memory.fill(lines, 0, staged - lines);
  const inImage = ((inHeight * inWidth * inChannels) << 2) as usize;
  const outImage = ((outHeight * outWidth * outChannels) << 2) as usize;
  const size = ((9 * inChannels * outChannels) << 2) as usize;
  for (let unit = begin; unit < end; unit++) {
    const partial = partials + (unit as usize) * size;
    const first = ((unit * batch) / chunks) * down;
    const last = (((unit + 1) * batch) / chunks) * down;
    for (let row = first; row < last; row += tileRows) {
      const rows = min(tileRows, last - row);
      for (let i = 0; i < rows; i++) {
        const image = ((row + i) / down) as usize;
        const y = ((row + i) % down) * TILE;
        inputTiles(
          input + image * inImage,
          values + ((i * across) as usize) * inTile,
          lines,
          zeros,
          staged,
          inHeight,
          inWidth,
          inChannels,
          across,
          y - padTop,
          padLeft,
          inPoint,
        );
        gradientTiles(
          gradient + image * outImage,
          columns + ((i * across) << 5),
          outLines,
          zeros,
          staged,
          outHeight,
          outWidth,
          outChannels,
          across,
          y,
          panelStep,
          outPoint,
        );
      }
      for (let panel = 0; panel < panels; panel++) {
        const sum = single ? sums : sums + (panel as usize) * sumPanel;
        for (let point = 0; point < POINTS_2D; point++) {
          multiplyOuter(
            values + (point as usize) * inPoint,
            inTile,
            columns + (point as usize) * outPoint + (panel as usize) * panelStep,
            sum + (point as usize) * sumPoint,
            inRows,
            rows * across,
            row > first,
          );
        }
        if (row + rows < last) continue;
        sumsToWeights(
          sum,
          partial + ((panel << 5) as usize),
          temporary,
          inChannels,
          outChannels,
          outChannels - panel * PANEL,
          sumPoint,
        );
      }
    }
  }
}
