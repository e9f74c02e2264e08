import type { ModelInfo, Prediction, PredictOptions } from './model.rn.js';

/**
 * A photo as a camera or a picker gives it, in base64: JPEG, PNG, WebP, turned as its EXIF data say. Or pixels, row by
 * row, RGB or RGBA bytes in base64.
 */
export type NativeImage =
  | { readonly photo: string }
  | { readonly pixels: string; readonly width: number; readonly height: number };

export interface Answer {
  readonly predictions: Prediction[];
  /** Of the prediction alone, in the WebView. */
  readonly milliseconds: number;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly question: string;
}

/** What comes back from the page. */
type Reply =
  | { readonly ready: ModelInfo }
  | { readonly broken: string }
  | ({ readonly id: number } & (Answer | { readonly error: string }));

/** The questions to a page and its answers, which come when they come. */
export class ModelHost {
  readonly #run: (code: string) => void;
  readonly #waiting = new Map<number, Waiting>();
  #ready = false;
  #broken: string | undefined;
  #next = 1;
  onReady: (info: ModelInfo) => void = () => {};
  onError: (error: Error) => void = () => {};

  /** `run` runs code in the page. */
  constructor(run: (code: string) => void) {
    this.#run = run;
  }

  /** Waits for the page where it is not ready yet. */
  predict(image: NativeImage, options: PredictOptions = {}): Promise<Answer> {
    if (this.#broken !== undefined) return Promise.reject(new Error(this.#broken));
    const id = this.#next++;
    // JSON is JavaScript, but for two ends of lines that old engines do not take in strings.
    const json = JSON.stringify({ id, image, options });
    const question = json.replace(/[\u2028\u2029]/g, (c) =>
      c === '\u2028' ? '\\u2028' : '\\u2029',
    );
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, question });
      if (this.#ready) this.#ask(question);
    });
  }

  /** A message of the page. */
  receive(message: string): void {
    const reply = JSON.parse(message) as Reply;
    if ('ready' in reply) {
      this.#ready = true;
      this.onReady(reply.ready);
      for (const { question } of this.#waiting.values()) this.#ask(question);
    } else if ('broken' in reply) {
      this.#broken = reply.broken;
      this.onError(new Error(reply.broken));
      this.fail(reply.broken);
    } else {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('error' in reply) waiting?.reject(new Error(reply.error));
      else waiting?.resolve({ predictions: reply.predictions, milliseconds: reply.milliseconds });
    }
  }

  /** The page is gone, with all that it was asked; one that is loaded anew says so itself. */
  fail(reason: string): void {
    this.#ready = false;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Error(reason));
  }

  #ask(question: string): void {
    // What the code ends with is handed to the system; nothing in particular.
    this.#run(`netlatheAsk(${question}); true;`);
  }
}
