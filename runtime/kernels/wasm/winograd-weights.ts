/** The weights of a Winograd convolution to their points, once a step, and the gradient to them. */
import { PANEL, panelCount } from './gemm';
import { loadPartial, storePartial } from './simd';
import { multiplyOuter } from './winograd-gemm';
import { POINTS, pointsToWeights, TILE, weightPoints } from './winograd-points';
import {
  gradientTiles,
  inputTiles,
  POINTS_2D,
  panelRows,
  pointBytes,
  tileBytes,
  tilesAlong,
  vectorBytes,
} from './winograd-tiles';

/** `count` columns of weights, [depth, outChannels], as rows of eight: the rest zero. */
function stageColumns(from: usize, to: usize, depth: i32, rowStep: usize, count: i32): void {
  for (let row = 0; row < depth; row++, from += rowStep, to += 32) {
    v128.store(to, loadPartial(from, count));
    v128.store(to, count > 4 ? loadPartial(from + 16, count - 4) : f32x4.splat(0), 16);
  }
}

/** `count` rows of weights, `columnStep` apart, as columns of rows of eight: the rest zero. */
function stageRows(from: usize, to: usize, depth: i32, columnStep: usize, count: i32): void {
  for (let j = 0; j < PANEL; j++, from += columnStep) {
    let at = to + ((j << 2) as usize);
    for (let row = 0; row < depth; row++, at += 32) {
      f32.store(at, j < count ? f32.load(from + ((row << 2) as usize)) : 0);
    }
  }
}

export function packWinograd(
  weights: usize,
  packed: usize,
  scratch: usize,
  inChannels: i32,
  outChannels: i32,
  groups: i32,
  transposed: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const depth = transposed ? outChannels : inChannels;
  const channels = transposed ? inChannels : outChannels;
  const panels = panelCount(channels);
  const line = ((outChannels * groups) << 2) as usize;
  const tap = (inChannels as usize) * line;
  const point = panelRows(depth);
  const stagedTap = (depth << 5) as usize;
  const temporary = scratch + (((slot * scratchSize) << 2) as usize);
  const staged = temporary + 3 * POINTS * 16;
  for (let unit = begin; unit < end; unit++) {
    const first = (unit % panels) * PANEL;
    const count = min(PANEL, channels - first);
    const group = weights + (((unit / panels) * outChannels) << 2);
    for (let i = 0; i < 9; i++) {
      const to = staged + (i as usize) * stagedTap;
      // Backwards through the taps for the gradient to the input.
      const from = group + ((transposed ? 8 - i : i) as usize) * tap;
      if (transposed) stageRows(from + (first as usize) * line, to, depth, line, count);
      else stageColumns(from + ((first << 2) as usize), to, depth, line, count);
    }
    let to = packed + (unit as usize) * (POINTS_2D as usize) * point;
    for (let i = 0; i < 2 * depth; i++, to += 16) {
      const from = staged + ((i << 4) as usize);
      weightPoints(from, 3 * stagedTap, stagedTap, temporary, 48, 16, 3);
      weightPoints(temporary, 16, 48, to, point, (POINTS as usize) * point, POINTS);
    }
  }
}

/** The sums of a panel, [36][rows][8], to those of the nine weights, `columns` output channels of each. */
function sumsToWeights(
  sums: usize,
  weights: usize,
  temporary: usize,
  rows: i32,
  line: usize,
  tap: usize,
  columns: i32,
  pointStep: usize,
): void {
  const down = (POINTS as usize) * pointStep;
  for (let i = 0; i < 2 * rows; i++, sums += 16) {
    const left = columns - ((i & 1) << 2);
    if (left <= 0) continue;
    const to = weights + ((i >> 1) as usize) * line + (((i & 1) << 4) as usize);
    pointsToWeights(sums, down, pointStep, temporary, POINTS * 16, 16, POINTS);
    if (left >= 4) {
      pointsToWeights(temporary, 16, POINTS * 16, to, tap, 3 * tap, 3);
      continue;
    }
    pointsToWeights(temporary, 16, POINTS * 16, temporary, 16, POINTS * 16, 3);
    for (let i = 0; i < 9; i++) {
      const from = temporary + (((i / 3) * POINTS + (i % 3)) << 4);
      storePartial(to + (i as usize) * tap, v128.load(from), left);
    }
  }
}

/** Input channels of a slice, whole panels unless there is one slice only. */
function sliceChannels(channels: i32, slices: i32): i32 {
  return slices === 1 ? channels : ((channels + 8 * slices - 1) / (8 * slices)) * 8;
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
  groups: i32,
  chunks: i32,
  slices: i32,
  tileRows: i32,
  scratchSize: i32,
  slot: i32,
  begin: i32,
  end: i32,
): void {
  const down = tilesAlong(outHeight);
  const across = tilesAlong(outWidth);
  const slice = sliceChannels(inChannels, slices);
  const pixel = vectorBytes(slice);
  const outPixel = vectorBytes(outChannels);
  const most = tileRows * across;
  const inPoint = pointBytes((most as usize) * tileBytes(slice));
  const panelStep = (most << 5) as usize;
  const outPoint = pointBytes((panelCount(outChannels) as usize) * panelStep);
  const panels = panelCount(outChannels);
  const sumPoint = pointBytes((((slice + 3) & ~3) << 5) as usize);
  // One block a chunk, and a panel's sums are done before the next one starts.
  const images = (batch + chunks - 1) / chunks;
  const single = images * down <= tileRows;
  const sumPanel = (POINTS_2D as usize) * sumPoint;
  const lineBytes = ((across * TILE + 2) as usize) * pixel;
  const outLineBytes = ((across * TILE) as usize) * outPixel;
  const inLine = (inWidth as usize) * vectorBytes(inChannels * groups);
  const zeroBytes = max(inLine, (outWidth as usize) * vectorBytes(outChannels * groups));
  const lines = scratch + (((slot * scratchSize) << 2) as usize);
  const outLines = lines + (POINTS as usize) * lineBytes;
  const zeros = outLines + (POINTS as usize) * outLineBytes;
  const staged = zeros + zeroBytes;
  const values = staged + (POINTS as usize) * zeroBytes;
  const columns = values + (POINTS_2D as usize) * inPoint;
  const sums = columns + (POINTS_2D as usize) * outPoint;
  const temporary = sums + ((single ? 1 : panels) as usize) * sumPanel;
  const inPixel = ((inChannels * groups) << 2) as usize;
  const inImage = ((inHeight * inWidth) as usize) * inPixel;
  const weightLine = ((outChannels * groups) << 2) as usize;
  const outImage = ((outHeight * outWidth) as usize) * weightLine;
  const tap = (inChannels as usize) * weightLine;
  for (let unit = begin; unit < end; unit++) {
    // Units are (chunk, slice, group).
    const group = unit % groups;
    const chunk = unit / groups / slices;
    const channel = ((unit / groups) % slices) * slice;
    const channels = min(slice, inChannels - channel);
    if (channels <= 0) continue;
    const inTile = tileBytes(channels);
    memory.fill(lines, 0, staged - lines);
    const start = ((group * outChannels) << 2) as usize;
    const partial = partials + (chunk as usize) * 9 * tap + (channel as usize) * weightLine + start;
    const first = ((chunk * batch) / chunks) * down;
    const last = (((chunk + 1) * batch) / chunks) * down;
    for (let row = first; row < last; row += tileRows) {
      const rows = min(tileRows, last - row);
      for (let i = 0; i < rows; i++) {
        const image = ((row + i) / down) as usize;
        const y = ((row + i) % down) * TILE;
        inputTiles(
          input + image * inImage + (((group * inChannels + channel) << 2) as usize),
          values + ((i * across) as usize) * inTile,
          lines,
          zeros,
          staged,
          inHeight,
          inWidth,
          inPixel,
          channels,
          across,
          y - padTop,
          padLeft,
          inPoint,
        );
        gradientTiles(
          gradient + image * outImage + start,
          columns + ((i * across) << 5),
          outLines,
          zeros,
          staged,
          outHeight,
          outWidth,
          weightLine,
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
            (channels + 3) & ~3,
            rows * across,
            row > first,
          );
        }
        if (row + rows < last) continue;
        sumsToWeights(
          sum,
          partial + ((panel << 5) as usize),
          temporary,
          channels,
          weightLine,
          tap,
          outChannels - panel * PANEL,
          sumPoint,
        );
      }
    }
  }
}
