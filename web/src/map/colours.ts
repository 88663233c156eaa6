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
  { from: 0, words: "flowing", colour: { light: "#1a9c86", dark: "#35b8b4" } },
  { from: 3, words: "slow", colour: { light: "#f2b21b", dark: "#ffe07a" } },
  { from: 5.5, words: "jam", colour: { light: "#d9480f", dark: "#ff7a3d" } },
  { from: 8, words: "standing", colour: { light: "#6d0f5e", dark: "#b82be0" } },
];

/** The level of a jam factor. */
export function levelOf(jam: number): Level {
  return LEVELS.findLast((level) => jam >= level.from) ?? LEVELS[0]!;
}

export interface Ground {
  land: string;
  beyond: string;
  square: string;
  park: string;
  water: string;
  building: string;
  wall: string;
  street: string;
  rail: string;
  path: string;
  casing: string;
  quiet: string;
  label: string;
  place: string;
  halo: string;
  picked: string;
}

export const GROUND: Record<Theme, Ground> = {
  light: {
    land: "#f5f3ee",
    beyond: "#e8e4db",
    square: "#ebe7de",
    park: "#dcead2",
    water: "#b9d7e8",
    building: "#e3ddd2",
    wall: "#cdc6b9",
    street: "#ffffff",
    rail: "#bdb7ad",
    path: "#d9d2c4",
    casing: "#ffffff",
    quiet: "#b5b2aa",
    label: "#3c4248",
    place: "#5b6168",
    halo: "#ffffff",
    picked: "#1b1f24",
  },
  dark: {
    land: "#161b21",
    beyond: "#0f1317",
    square: "#191e24",
    park: "#17251d",
    water: "#0e2b3d",
    building: "#20262e",
    wall: "#2c333d",
    street: "#2b323b",
    rail: "#39414b",
    path: "#272d35",
    casing: "#0c0f12",
    quiet: "#4b545e",
    label: "#c5ccd4",
    place: "#8e98a3",
    halo: "#14181d",
    picked: "#ffffff",
  },
};
