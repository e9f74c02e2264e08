/** What the page says when something does not work: the cause, and what to do. */

const cameraWords: Readonly<Record<string, string>> = {
  NotAllowedError:
    'The camera was not allowed. Allow it for this page in the settings of the browser, or choose a photo.',
  NotFoundError: 'There is no camera here. Choose a photo instead.',
  NotReadableError: 'Another app is using the camera. Close it and try again.',
  OverconstrainedError: 'This camera cannot be used. Choose a photo instead.',
  Insecure:
    'The camera needs a page that came over https or from localhost. Choose a photo instead.',
  Ended: 'The camera was switched off. Start it again, or choose a photo.',
};

/** `name` is that of the browser's error. */
export function cameraFault(name: string): string {
  const known = Object.hasOwn(cameraWords, name) ? cameraWords[name] : undefined;
  return known ?? `The camera does not work (${name}). Choose a photo instead.`;
}

export const notAPhoto =
  'This file is not a photo that the browser can read. Try a JPEG, PNG or WebP.';
export const noModel =
  'The model could not be loaded. Check the connection and load the page again.';

const backendWords = { relaxed: 'relaxed SIMD', simd: 'SIMD', js: 'JavaScript' } as const;

export function backendName(backend: keyof typeof backendWords): string {
  return backendWords[backend];
}

export function percent(score: number): string {
  return `${(100 * score).toFixed(1)}%`;
}

/** Names of folders have underscores for spaces; people do not. */
export function shownLabel(label: string): string {
  return label.replace(/_/g, ' ');
}
