/**
 * 3x3 convolution without stride and dilation by Winograd's F(4x4, 3x3): a tile of 4x4 outputs takes 36
 * multiplications for each pair of channels instead of 144, as 36 matrix products over blocks of tiles that stay in
 * the cache. The gradient to the input is the same over the output's gradient.
 */
import { panelCount } from './gemm';
import { multiplyTiles } from './winograd-gemm';
import { POINTS, TILE } from './winograd-points';
import {
  inputTiles,
  outputTiles,
  POINTS_2D,
  panelRows,
  pointBytes,
  productBytes,
  TEMPORARY_BYTES,
  tileBytes,
  tilesAlong,
  vectorBytes,
  wholeTiles,
} from './winograd-tiles';

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
  groups: i32,
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
  const staged = zeros + (inWidth as usize) * vectorBytes(inChannels * groups);
  const values = staged + ((POINTS * inWidth) as usize) * pixel;
  const products = values + (POINTS_2D as usize) * inPoint;
  const temporary = products + (POINTS_2D as usize) * outPoint;
  const biases = temporary + TEMPORARY_BYTES;
  memory.fill(lines, 0, staged - lines);
  memory.fill(biases, 0, vectorBytes(outChannels));
  const inPixel = ((inChannels * groups) << 2) as usize;
  const outPixel = ((outChannels * groups) << 2) as usize;
  const inImage = ((inHeight * inWidth) as usize) * inPixel;
  const outLine = (outWidth as usize) * outPixel;
  const panels = panelCount(outChannels);
  const point = panelRows(inChannels);
  const first = ((begin * batch) / chunks) * down;
  const last = ((end * batch) / chunks) * down;
  for (let group = 0; group < groups; group++) {
    if (hasBias) memory.copy(biases, bias, (outChannels << 2) as usize);
    for (let row = first; row < last; row += tileRows) {
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
          inPixel,
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
          panels,
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
          outPixel,
          outChannels,
          outPoint,
        );
      }
    }
    input += (inChannels << 2) as usize;
    output += (outChannels << 2) as usize;
    bias += (outChannels << 2) as usize;
    packed += ((panels * POINTS_2D) as usize) * point;
  }
}
