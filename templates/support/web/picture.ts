/** From a file or a frame to the pixels that the model takes, upright and in their full size. */

/** More than this a canvas of a phone cannot hold; only beyond it the browser scales before the model does. */
const mostPixels = 16_000_000;

export interface Picture {
  readonly canvas: HTMLCanvasElement;
  readonly pixels: ImageData;
}

/** An image element turns a photo the way its EXIF says, in every browser of today; the model gets it upright. */
export async function pictureOfFile(file: Blob): Promise<Picture> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return draw(image, image.naturalWidth, image.naturalHeight);
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function pictureOfFrame(video: HTMLVideoElement, canvas?: HTMLCanvasElement): Picture {
  return draw(video, video.videoWidth, video.videoHeight, canvas);
}

function draw(
  source: CanvasImageSource,
  width: number,
  height: number,
  canvas = document.createElement('canvas'),
): Picture {
  const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)));
  const wide = Math.max(1, Math.floor(width * scale));
  const high = Math.max(1, Math.floor(height * scale));
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('there is no 2D canvas');
  // Transparency stays: the model lays it over white itself, as it did in training.
  context.clearRect(0, 0, wide, high);
  context.drawImage(source, 0, 0, wide, high);
  return { canvas, pixels: context.getImageData(0, 0, wide, high) };
}
