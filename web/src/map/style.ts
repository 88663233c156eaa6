/** How the city is drawn: our own tiles, the device's own fonts, nothing from anywhere else. */

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Theme } from "../lib/theme.svelte";
import { GROUND, LEVELS } from "./colours";

export const SOURCE = "city";
export const ROADS = "segments";
/** Layers that a tap may hit. */
export const TAPPED = ["flow-live", "flow-usual"];

const isLive: ExpressionSpecification = ["==", ["feature-state", "live"], 1];
const jam: ExpressionSpecification = ["coalesce", ["feature-state", "jam"], -1];
const roadClass: ExpressionSpecification = ["coalesce", ["get", "class"], 7];

function flowColour(theme: Theme): ExpressionSpecification {
  const steps = LEVELS.flatMap((level) => [level.from, level.colour[theme]]);
  return ["step", jam, GROUND[theme].quiet, ...steps] as unknown as ExpressionSpecification;
}

/** Pixels at zooms 12 to 18: large roads and jams are wider, and so is what was picked. */
function wide(scale: number, extra = 0): ExpressionSpecification {
  const factor: ExpressionSpecification = [
    "*",
    scale,
    ["interpolate", ["linear"], roadClass, 0, 1.35, 7, 0.8],
    ["case", [">=", jam, 5.5], 1.3, 1],
  ];
  const stops = [
    [11, 1.1],
    [14, 2.6],
    [16, 5],
    [18, 9],
  ].flatMap(([zoom, pixels]) => [zoom, ["+", extra, ["*", pixels, factor]]]);
  return ["interpolate", ["exponential", 1.4], ["zoom"], ...stops] as unknown as ExpressionSpecification;
}

/** To the right of its own direction: the two directions of a street lie side by side. */
const beside: ExpressionSpecification = [
  "interpolate",
  ["exponential", 1.4],
  ["zoom"],
  11,
  0.6,
  14,
  1.9,
  16,
  3.6,
  18,
  6.5,
];

function flowLayers(theme: Theme): LayerSpecification[] {
  const ground = GROUND[theme];
  const roads = { type: "line", source: SOURCE, "source-layer": ROADS } as const;
  const round = { "line-cap": "round", "line-join": "round" } as const;
  return [
    {
      ...roads,
      id: "flow-usual",
      layout: round,
      paint: {
        "line-color": flowColour(theme),
        "line-width": wide(0.5),
        "line-offset": beside,
        "line-opacity": ["case", isLive, 0, [">=", jam, 0], 0.6, 0.55],
      },
    },
    {
      ...roads,
      id: "flow-casing",
      layout: round,
      paint: {
        "line-color": ["case", ["==", ["feature-state", "picked"], 1], ground.picked, ground.casing],
        "line-width": wide(1, 2.4),
        "line-offset": beside,
        "line-opacity": ["case", isLive, 1, ["==", ["feature-state", "picked"], 1], 0.7, 0],
      },
    },
    {
      ...roads,
      id: "flow-live",
      layout: round,
      paint: {
        "line-color": flowColour(theme),
        "line-width": wide(1),
        "line-offset": beside,
        "line-opacity": ["case", isLive, 1, 0],
      },
    },
  ];
}

function groundLayers(theme: Theme): LayerSpecification[] {
  const ground = GROUND[theme];
  const from = (layer: string) => ({ source: SOURCE, "source-layer": layer }) as const;
  return [
    { id: "land", type: "background", paint: { "background-color": ground.land } },
    { ...from("green"), id: "green", type: "fill", paint: { "fill-color": ground.park } },
    { ...from("water"), id: "water", type: "fill", paint: { "fill-color": ground.water } },
    {
      ...from("buildings"),
      id: "buildings",
      type: "fill",
      minzoom: 14,
      paint: { "fill-color": ground.building },
    },
    {
      ...from("streets"),
      id: "streets",
      type: "line",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": ground.street,
        "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 12, 0.8, 18, 16],
      },
    },
  ];
}

function labelLayers(theme: Theme): LayerSpecification[] {
  const ground = GROUND[theme];
  return [
    {
      id: "street-names",
      type: "symbol",
      source: SOURCE,
      "source-layer": "streets",
      minzoom: 14,
      filter: ["has", "name"],
      layout: {
        "symbol-placement": "line",
        "text-field": ["get", "name"],
        "text-font": ["system-ui", "sans-serif"],
        "text-size": ["interpolate", ["linear"], ["zoom"], 14, 11, 18, 15],
        "symbol-spacing": 320,
        "text-padding": 8,
      },
      paint: { "text-color": ground.label, "text-halo-color": ground.halo, "text-halo-width": 1.6 },
    },
  ];
}

/** The whole style. Without `glyphs` the map library draws labels with the device's own fonts. */
export function cityStyle(theme: Theme, attribution: string, origin: string): StyleSpecification {
  return {
    version: 8,
    sources: {
      [SOURCE]: {
        type: "vector",
        tiles: [`${origin}/tiles/{z}/{x}/{y}.mvt`],
        minzoom: 10,
        maxzoom: 15,
        attribution,
      },
    },
    layers: [...groundLayers(theme), ...flowLayers(theme), ...labelLayers(theme)],
  };
}
