/** How a person's own positions, and the roads that their trips helped, lie on the city. */

import type { Theme } from "../lib/theme.svelte";
import { GROUND } from "../map/colours";
import { round, type Shown } from "../map/style";
import type { Points } from "./wire";

/** A road as the map draws it. */
export interface Line {
  number: number;
  shape: [lon: number, lat: number][];
}

/** Apart from each other and from the city for every kind of colour vision. */
export const OWN_COLOURS: Record<Theme, { point: string; road: string }> = {
  light: { point: "#0b4f8a", road: "#e0701a" },
  dark: { point: "#8fd0ff", road: "#ff9d4d" },
};

/** The lines of `segments`, whose points are pairs of millionths of a degree. */
export function lines(segments: { number: number; shape_e6: number[] }[]): Line[] {
  return segments.map(({ number, shape_e6: e6 }) => ({
    number,
    shape: Array.from({ length: e6.length / 2 }, (_, place) => [
      e6[2 * place]! / 1e6,
      e6[2 * place + 1]! / 1e6,
    ]),
  }));
}

export function own(theme: Theme, points: Points, roads: Line[]): Shown {
  const { point, road } = OWN_COLOURS[theme];
  return {
    sources: {
      helped: {
        type: "geojson",
        data: { type: "MultiLineString", coordinates: roads.map(({ shape }) => shape) },
      },
      points: {
        type: "geojson",
        data: {
          type: "MultiPoint",
          coordinates: points.lon_e6.map((lon, place) => [lon / 1e6, points.lat_e6[place]! / 1e6]),
        },
      },
    },
    layers: [
      {
        id: "helped",
        type: "line",
        source: "helped",
        layout: round,
        paint: {
          "line-color": road,
          "line-width": ["interpolate", ["linear"], ["zoom"], 11, 3, 16, 9],
        },
      },
      {
        id: "points",
        type: "circle",
        source: "points",
        paint: {
          "circle-color": point,
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 2.5, 16, 6],
          "circle-stroke-color": GROUND[theme].casing,
          "circle-stroke-width": 1,
        },
      },
    ],
  };
}
