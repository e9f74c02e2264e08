/** A camera in a video element. */

export type Facing = 'environment' | 'user';

/** Named as the errors of the browser are, so that one table of words serves both. */
export class CameraError extends Error {}

export class Camera {
  /** Called when the stream ends without `stop`: unplugged, or taken away by the system. */
  onEnd: () => void = () => {};
  readonly #video: HTMLVideoElement;
  #stream: MediaStream | undefined;
  #facing: Facing = 'environment';
  /** A start that `stop` or another start has overtaken must not leave its camera running. */
  #turn = 0;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  get running(): boolean {
    return this.#stream !== undefined;
  }

  /** Whether a second camera can be switched to. */
  async several(): Promise<boolean> {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter(({ kind }) => kind === 'videoinput').length > 1;
  }

  /** False where it was overtaken. */
  async start(facing: Facing = this.#facing): Promise<boolean> {
    if (!navigator.mediaDevices?.getUserMedia) throw named('Insecure');
    // Most phones open one camera at a time.
    this.stop();
    const turn = this.#turn;
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: facing }, width: { ideal: 960 }, height: { ideal: 720 } },
    });
    if (turn !== this.#turn) {
      end(stream);
      return false;
    }
    this.#stream = stream;
    this.#facing = facing;
    for (const track of stream.getVideoTracks()) {
      track.addEventListener('ended', () => {
        if (this.#stream !== stream) return;
        this.stop();
        this.onEnd();
      });
    }
    this.#video.srcObject = stream;
    // As in a mirror, on the screen only: the model sees the picture as the camera gives it.
    this.#video.classList.toggle('mirrored', isFront(stream, facing));
    await this.#video.play();
    return turn === this.#turn;
  }

  async turnAround(): Promise<boolean> {
    return this.start(this.#facing === 'user' ? 'environment' : 'user');
  }

  stop(): void {
    this.#turn++;
    if (this.#stream) end(this.#stream);
    this.#stream = undefined;
    this.#video.srcObject = null;
  }
}

function end(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** What the camera says of itself; a computer's says nothing, and looks at its user. */
function isFront(stream: MediaStream, wanted: Facing): boolean {
  const facing = stream.getVideoTracks()[0]?.getSettings().facingMode;
  if (facing !== undefined && facing !== '') return facing === 'user';
  return wanted === 'user' || !matchMedia('(pointer: coarse)').matches;
}

function named(name: string): CameraError {
  const error = new CameraError(name);
  error.name = name;
  return error;
}
