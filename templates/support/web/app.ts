/** The page: camera, photos, results. Nothing leaves it; all that it fetches are its own files. */
import type { Model } from '../types.ts';
import { Camera } from './camera.ts';
import { element } from './element.ts';
import { create } from './model.mjs';
import { keepOffline } from './offline.ts';
import { type Picture, pictureOfFile, pictureOfFrame } from './picture.ts';
import { Results } from './results.ts';
import { backendName, cameraFault, noModel, notAPhoto, shownLabel } from './words.ts';

/** `off`: nothing to see yet. `still`: a photo, or a frame of the camera. */
type Mode = 'off' | 'live' | 'still';

const topK = 5;
/** So many classes are named before there is a picture. */
const mostKnown = 24;
/** Milliseconds between frames that are classified: numbers that change faster cannot be read, and cost battery. */
const pace = 150;

const main = element('main', HTMLElement);
const stage = element('#stage', HTMLElement);
const video = element('#video', HTMLVideoElement);
const still = element('#still', HTMLElement);
const notice = element('#notice', HTMLElement);
const timing = element('#timing', HTMLElement);
const shutter = element('#shutter', HTMLButtonElement);
const choose = element('#choose', HTMLButtonElement);
const turn = element('#turn', HTMLButtonElement);
const close = element('#close', HTMLButtonElement);
const file = element('#file', HTMLInputElement);

const camera = new Camera(video);
/** One canvas for all frames; what the shutter keeps gets one of its own. */
const frames = document.createElement('canvas');
let mode: Mode = 'off';
let resumes = false;

function setMode(next: Mode): void {
  mode = next;
  document.body.dataset.mode = next;
  const words = { off: 'Start camera', live: 'Take picture', still: 'Back to camera' };
  shutter.setAttribute('aria-label', words[next]);
  element('#shutter-word', HTMLElement).textContent = words[next];
  close.hidden = next === 'off';
  if (next !== 'live') turn.hidden = true;
}

/** A page in the background must not hold the camera; it takes it again when it is seen. */
function rest(): void {
  resumes = true;
  camera.stop();
}

function say(message: string): void {
  notice.textContent = message;
  notice.hidden = message === '';
}

function known(labels: readonly string[]): string {
  const rest = labels.length - mostKnown;
  const named = labels.slice(0, mostKnown).map(shownLabel).join(', ');
  return rest > 0 ? `It knows ${named} and ${rest} more.` : `It knows ${named}.`;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

async function begin(): Promise<Model> {
  const response = await fetch('weights.bin');
  if (!response.ok) throw new Error(`weights.bin: ${response.status}`);
  return create({ weights: await response.arrayBuffer() });
}

function run(model: Model): void {
  const spoken = element('#spoken', HTMLElement);
  const results = new Results(element('#results', HTMLElement), spoken, topK);

  element('#known', HTMLElement).textContent = known(model.labels);

  const classify = ({ pixels }: Picture, live: boolean): void => {
    const before = performance.now();
    const predictions = model.predict(pixels, { topK });
    const milliseconds = performance.now() - before;
    results.show(predictions, live);
    timing.textContent = `${milliseconds.toFixed(1)} ms · ${backendName(model.info.backend)}`;
  };

  const freeze = (picture: Picture): void => {
    still.replaceChildren(picture.canvas);
    setMode('still');
    say('');
    classify(picture, false);
  };

  const startCamera = async (start = () => camera.start()): Promise<void> => {
    say('');
    stage.ariaBusy = 'true';
    try {
      if (!(await start())) return;
      // Asking for the camera may itself have hidden the page, as it does in an app.
      if (document.hidden) rest();
      setMode('live');
      results.clear();
      turn.hidden = !(await camera.several());
    } catch (error) {
      camera.stop();
      setMode('off');
      say(cameraFault(nameOf(error)));
    } finally {
      stage.ariaBusy = 'false';
    }
  };

  const watch = (): void => {
    const ready = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0;
    if (mode === 'live' && ready) classify(pictureOfFrame(video, frames), true);
    setTimeout(watch, pace);
  };

  const open = async (blob: Blob | null | undefined): Promise<void> => {
    if (!blob) return;
    let picture: Picture;
    try {
      picture = await pictureOfFile(blob);
    } catch {
      say(notAPhoto);
      return;
    }
    resumes = false;
    camera.stop();
    freeze(picture);
  };

  shutter.addEventListener('click', () => {
    if (mode !== 'live') return void startCamera();
    const picture = pictureOfFrame(video);
    camera.stop();
    freeze(picture);
  });
  turn.addEventListener('click', () => void startCamera(() => camera.turnAround()));
  close.addEventListener('click', () => {
    camera.stop();
    setMode('off');
    results.clear();
    say('');
    timing.textContent = '';
    shutter.focus();
  });
  camera.onEnd = () => {
    setMode('off');
    say(cameraFault('Ended'));
  };
  choose.addEventListener('click', () => file.click());
  file.addEventListener('change', () => {
    void open(file.files?.[0]);
    // The same photo can be chosen again.
    file.value = '';
  });
  acceptDrops(open);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden && camera.running) {
      rest();
    } else if (!document.hidden && resumes) {
      resumes = false;
      void startCamera();
    }
  });
  watch();
}

function acceptDrops(open: (file: Blob | null | undefined) => Promise<void>): void {
  const over = (event: DragEvent, inside: boolean): void => {
    event.preventDefault();
    document.body.classList.toggle('dropping', inside);
  };
  document.addEventListener('dragover', (event) => over(event, true));
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) over(event, false);
  });
  document.addEventListener('drop', (event) => {
    over(event, false);
    void open(event.dataTransfer?.files[0]);
  });
  document.addEventListener('paste', (event) => void open(event.clipboardData?.files[0]));
}

/** What the network is shown is what the frame shows: the middle where it crops, else all. */
function shape(): void {
  const { width, height, resize } = main.dataset;
  main.style.setProperty('--ratio', `${Number(width) / Number(height)}`);
  stage.classList.toggle('whole', resize !== 'cover');
}

async function start(): Promise<void> {
  shape();
  setMode('off');
  const worker = main.dataset.worker;
  if (worker) {
    // Without one the page still works as long as there is a network.
    const update = element('#update', HTMLButtonElement);
    keepOffline(worker, update).catch((error: unknown) => console.warn(error));
  }
  try {
    run(await begin());
    say('');
    for (const button of [shutter, choose]) button.disabled = false;
    main.dataset.ready = 'yes';
  } catch (error) {
    say(noModel);
    console.error(error);
    main.dataset.ready = 'no';
  }
}

void start();
