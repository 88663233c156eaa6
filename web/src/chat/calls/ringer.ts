/** The sounds of a call, made here: a ring for who is called, a tone for who waits. */

export type Tune = "ring" | "wait";

interface Note {
  hz: number;
  at_s: number;
  for_s: number;
}

const LOUDNESS = 0.16;
const EDGE_S = 0.02;
const TUNES: Record<Tune, { every_ms: number; notes: Note[]; shakes_ms: number[] }> = {
  ring: {
    every_ms: 2_600,
    notes: [
      { hz: 659, at_s: 0, for_s: 0.22 },
      { hz: 880, at_s: 0.22, for_s: 0.34 },
      { hz: 659, at_s: 0.7, for_s: 0.22 },
      { hz: 880, at_s: 0.92, for_s: 0.5 },
    ],
    shakes_ms: [400, 250, 400],
  },
  wait: { every_ms: 4_000, notes: [{ hz: 425, at_s: 0, for_s: 1 }], shakes_ms: [] },
};

export class Ringer {
  #sound: AudioContext | undefined;
  #round = 0;

  /** Play a tune over and over, in place of the one before; nothing makes it quiet. */
  play(tune: Tune | undefined): void {
    clearInterval(this.#round);
    void this.#sound?.close();
    this.#sound = undefined;
    if (!tune) {
      if (this.#round) navigator.vibrate?.(0);
      this.#round = 0;
      return;
    }
    const sound = new AudioContext(); // stays quiet until the page was touched once: browsers want that
    this.#sound = sound;
    const { every_ms, notes, shakes_ms } = TUNES[tune];
    const once = () => {
      for (const note of notes) sing(sound, note);
      if (shakes_ms.length > 0) navigator.vibrate?.(shakes_ms);
    };
    once();
    this.#round = window.setInterval(once, every_ms);
  }
}

function sing(sound: AudioContext, { hz, at_s, for_s }: Note): void {
  const from_s = sound.currentTime + at_s;
  const voice = new OscillatorNode(sound, { type: "sine", frequency: hz });
  const loudness = new GainNode(sound, { gain: 0 });
  loudness.gain.setValueAtTime(0, from_s);
  loudness.gain.linearRampToValueAtTime(LOUDNESS, from_s + EDGE_S);
  loudness.gain.setValueAtTime(LOUDNESS, from_s + for_s - EDGE_S);
  loudness.gain.linearRampToValueAtTime(0, from_s + for_s);
  voice.connect(loudness).connect(sound.destination);
  voice.start(from_s);
  voice.stop(from_s + for_s);
}
