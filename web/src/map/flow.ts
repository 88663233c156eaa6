/** How traffic is drawn: by the state that each road has now. */

import type { ExpressionSpecification } from "maplibre-gl";
import type { Theme } from "../lib/theme.svelte";
import { GROUND, LEVELS } from "./colours";
import { ROADS, round, SOURCE, type Shown } from "./style";

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
  ...[
    [11, 0.6],
    [14, 2],
    [16, 3.6],
    [18, 6.5],
  ].flatMap(([zoom, pixels]) => [zoom, ["*", pixels, ["coalesce", ["get", "two_way"], 1]]]),
] as unknown as ExpressionSpecification;

/** Traffic on the city's roads. */
export function flow(theme: Theme): Shown {
  const ground = GROUND[theme];
  const roads = { type: "line", source: SOURCE, "source-layer": ROADS } as const;
  return {
    layers: [
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
    ],
  };
}
