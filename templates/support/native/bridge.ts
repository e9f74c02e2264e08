/** The page's side of the WebView: takes questions, asks the model, posts what it says. */
import { bytesOfBase64 } from '../base64.ts';
import type { CreateOptions, Model, PixelImage, PredictOptions } from '../types.ts';
import { pictureOfFile } from '../web/picture.ts';
import type { NativeImage } from './host.ts';

interface Question {
  readonly id: number;
  readonly image: NativeImage;
  readonly options: PredictOptions;
}

interface Surroundings {
  netlatheAsk?: (question: Question) => void;
  /** Of react-native-webview. */
  readonly ReactNativeWebView: { postMessage(message: string): void };
}

export function serveHost(
  create: (options?: CreateOptions) => Promise<Model>,
  outside: Surroundings,
): void {
  const post = (reply: object): void => {
    outside.ReactNativeWebView.postMessage(JSON.stringify(reply));
  };
  const messageOf = (error: unknown): string =>
    error instanceof Error ? error.message : String(error);
  create().then(
    (model) => {
      outside.netlatheAsk = ({ id, image, options }) => {
        answer(model, image, options).then(
          (found) => post({ id, ...found }),
          (error: unknown) => post({ id, error: messageOf(error) }),
        );
      };
      post({ ready: model.info });
    },
    (error: unknown) => post({ broken: messageOf(error) }),
  );
}

async function answer(model: Model, image: NativeImage, options: PredictOptions): Promise<object> {
  const pixels = await pixelsOf(image);
  const before = performance.now();
  const predictions = model.predict(pixels, options);
  return { predictions, milliseconds: performance.now() - before };
}

async function pixelsOf(image: NativeImage): Promise<PixelImage> {
  if ('pixels' in image) {
    return { data: bytesOfBase64(image.pixels), width: image.width, height: image.height };
  }
  // With a prefix or without, in lines or in one.
  const base64 = image.photo.replace(/^data:[^,]*,/, '').replace(/\s+/g, '');
  try {
    return (await pictureOfFile(new Blob([bytesOfBase64(base64)]))).pixels;
  } catch {
    throw new Error('the photo cannot be decoded: it should be JPEG, PNG or WebP in base64');
  }
}
