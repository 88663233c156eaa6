/**
 * What a jam looks like. The four levels differ in lightness as well as in hue, so that they stay apart
 * for every kind of colour vision (tests/browser/test_colours.py measures it), and jams are drawn wider too.
 */

import type { Theme } from "../lib/theme.svelte";

export interface Level {
  /** From this jam factor on, 0 free .. 10 standing. */
  from: number;
  words: string;
  colour: Record<Theme, string>;
}

export const LEVELS: readonly Level[] = [
  { from: 0, words: "flowing", colour: { light: "#1a9c86", dark: "#2fb39a" } },
  { from: 3, words: "slow", colour: { light: "#f2b21b", dark: "#ffd75e" } },
  { from: 5.5, words: "jam", colour: { light: "#d9480f", dark: "#ff7a3d" } },
  { from: 8, words: "standing", colour: { light: "#6d0f5e", dark: "#f03fb0" } },
];

/** The level of a jam factor. */
export function levelOf(jam: number): Level {
  return LEVELS.findLast((level) => jam >= level.from) ?? LEVELS[0]!;
}

export interface Ground {
  land: string;
  park: string;
  water: string;
  building: string;
  street: string;
  path: string;
  casing: string;
  quiet: string;
  label: string;
  halo: string;
  picked: string;
}

export const GROUND: Record<Theme, Ground> = {
  light: {
    land: "#f3f1ec",
    park: "#dfe9d6",
    water: "#bcd7e6",
    building: "#e6e2d9",
    street: "#ffffff",
    path: "#e9e4da",
    casing: "#ffffff",
    quiet: "#b5b2aa",
    label: "#3c4248",
    halo: "#ffffff",
    picked: "#1b1f24",
  },
  dark: {
    land: "#14181d",
    park: "#18231d",
    water: "#0f2a3a",
    building: "#1c2127",
    street: "#2a3038",
    path: "#20262d",
    casing: "#0c0f12",
    quiet: "#4b545e",
    label: "#c5ccd4",
    halo: "#14181d",
    picked: "#ffffff",
  },
};
