/** Records a voice message: how long it is, how loud it was, and the sound itself. */

export interface Recording {
  blob: Blob;
  seconds: number;
  /** Loudness over time, 0 to 1. */
  wave: number[];
}

const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const LISTEN_MS = 100;
const BARS = 48;
const SECONDS_MAX = 600;

export class Recorder {
  seconds = $state(0);
  isOn = $state(false);
  /** How loud it is now, 0 to 1. */
  level = $state(0);

  #recorder: MediaRecorder | undefined;
  #sound: AudioContext | undefined;
  #listening = 0;
  #began = 0;
  #levels: number[] = [];

  async start(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(stream, { ...(mimeType && { mimeType }), audioBitsPerSecond: 24_000 });
    this.#sound = new AudioContext();
    const ear = this.#sound.createAnalyser();
    this.#sound.createMediaStreamSource(stream).connect(ear);
    this.#levels = [];
    this.#began = performance.now();
    this.seconds = 0;
    this.isOn = true;
    this.#recorder.start();
    this.#listening = window.setInterval(() => this.#listen(ear), LISTEN_MS);
  }

  /** Gives nothing where nothing was recorded. */
  async stop(): Promise<Recording | undefined> {
    const recorder = this.#recorder;
    if (!recorder) return undefined;
    const seconds = (performance.now() - this.#began) / 1_000;
    const blob = await new Promise<Blob>((resolve) => {
      recorder.ondataavailable = ({ data }) => resolve(data);
      recorder.stop();
    });
    this.drop();
    return { blob: new Blob([blob], { type: recorder.mimeType.split(";")[0] ?? "" }), seconds, wave: bars(this.#levels) };
  }

  /** Let go of the microphone, and of what was said. */
  drop(): void {
    clearInterval(this.#listening);
    for (const track of this.#recorder?.stream.getTracks() ?? []) track.stop();
    void this.#sound?.close();
    this.#recorder = this.#sound = undefined;
    this.isOn = false;
  }

  #listen(ear: AnalyserNode): void {
    const samples = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length);
    this.level = Math.min(1, loudness * 4);
    this.#levels.push(this.level);
    this.seconds = (performance.now() - this.#began) / 1_000;
    if (this.seconds > SECONDS_MAX) this.#recorder?.pause();
  }
}

/** Draw a recording of any length in as many bars. */
function bars(levels: number[]): number[] {
  const each = Math.max(1, levels.length / BARS);
  return Array.from({ length: Math.min(BARS, levels.length) }, (_, at) =>
    Math.max(...levels.slice(Math.floor(at * each), Math.max(Math.floor(at * each) + 1, Math.floor((at + 1) * each)))),
  );
}
