/** Rings while somebody calls: two tones and a pause, made here, so that nothing has to be fetched. */

const TONES_HZ = [660, 880];
const TONE_S = 0.18;
const EVERY_MS = 1_800;
const SHAKE_MS = [250, 120, 250];

/** Gives what stops it. */
export function ring(): () => void {
  const sound = new AudioContext();
  const once = () => {
    TONES_HZ.forEach((tone_hz, at) => play(sound, tone_hz, sound.currentTime + at * TONE_S * 1.2));
    navigator.vibrate?.(SHAKE_MS);
  };
  once();
  const ringing = setInterval(once, EVERY_MS);
  return () => {
    clearInterval(ringing);
    void sound.close();
  };
}

function play(sound: AudioContext, tone_hz: number, from_s: number): void {
  const voice = sound.createOscillator();
  const loudness = sound.createGain();
  voice.frequency.value = tone_hz;
  loudness.gain.setValueAtTime(0.12, from_s);
  loudness.gain.exponentialRampToValueAtTime(0.001, from_s + TONE_S);
  voice.connect(loudness).connect(sound.destination);
  voice.start(from_s);
  voice.stop(from_s + TONE_S);
}
