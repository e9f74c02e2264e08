/** A camera in a video element. */

/** Named as the errors of the browser are, so that one table of words serves both. */
export class CameraError extends Error {}

export class Camera {
  /** Called when the stream ends without `stop`: unplugged, or taken away by the system. */
  onEnd: () => void = () => {};
  readonly #video: HTMLVideoElement;
  #stream: MediaStream | undefined;
  #wanted: MediaTrackConstraints = { facingMode: { ideal: 'environment' } };
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
    return devices.filter(isCamera).length > 1;
  }

  /** The last one again, or at first that which looks away from the user. False where it was overtaken. */
  async start(wanted: MediaTrackConstraints = this.#wanted): Promise<boolean> {
    if (!navigator.mediaDevices?.getUserMedia) throw named('Insecure');
    // Most phones open one camera at a time.
    this.stop();
    const turn = this.#turn;
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...wanted, width: { ideal: 960 }, height: { ideal: 720 } },
    });
    if (turn !== this.#turn) {
      end(stream);
      return false;
    }
    this.#stream = stream;
    this.#wanted = wanted;
    for (const track of stream.getVideoTracks()) {
      track.addEventListener('ended', () => {
        if (this.#stream !== stream) return;
        this.stop();
        this.onEnd();
      });
    }
    this.#video.srcObject = stream;
    // As in a mirror, on the screen only: the model sees the picture as the camera gives it.
    this.#video.classList.toggle('mirrored', isFront(stream));
    await this.#video.play();
    return turn === this.#turn;
  }

  /** To the other side of a phone; of cameras that do not say where they look, to the next. */
  async turnAround(): Promise<boolean> {
    const { facingMode, deviceId } = settingsOf(this.#stream);
    if (facingMode) {
      return this.start({ facingMode: { ideal: facingMode === 'user' ? 'environment' : 'user' } });
    }
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(isCamera);
    const next = cameras[(cameras.findIndex((c) => c.deviceId === deviceId) + 1) % cameras.length];
    return this.start(next ? { deviceId: { exact: next.deviceId } } : this.#wanted);
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

function isCamera({ kind }: MediaDeviceInfo): boolean {
  return kind === 'videoinput';
}

function settingsOf(stream: MediaStream | undefined): MediaTrackSettings {
  return stream?.getVideoTracks()[0]?.getSettings() ?? {};
}

/** What the camera says of itself; a computer's says nothing, and looks at its user. */
function isFront(stream: MediaStream): boolean {
  const { facingMode } = settingsOf(stream);
  return facingMode ? facingMode === 'user' : !matchMedia('(pointer: coarse)').matches;
}

function named(name: string): CameraError {
  const error = new CameraError(name);
  error.name = name;
  return error;
}
