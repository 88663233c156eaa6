/** How the city is drawn: our own tiles, the device's own fonts, nothing from anywhere else. */

import type {
  ExpressionSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from "maplibre-gl";
import type { City } from "../lib/api";
import type { Theme } from "../lib/theme.svelte";
import { linked } from "./attribution";
import { GROUND } from "./colours";

export const SOURCE = "city";
export const ROADS = "segments";
export const round = { "line-cap": "round", "line-join": "round" } as const;
/** The device's own fonts, as a style sheet would name them: no glyphs are fetched. */
export const FONT = ["system-ui", "Roboto", "Helvetica Neue", "Arial", "sans-serif"];

const from = (layer: string) => ({ source: SOURCE, "source-layer": layer }) as const;
const isTunnel: ExpressionSpecification = ["==", ["get", "tunnel"], 1];

/** Pixels that grow with the zoom, from 12 to 18. */
function growing(at12: number, at18: number): ExpressionSpecification {
  return ["interpolate", ["exponential", 1.5], ["zoom"], 12, at12, 18, at18];
}

function groundLayers(theme: Theme): LayerSpecification[] {
  const ground = GROUND[theme];
  const byClass: ExpressionSpecification = [
    "match",
    ["get", "class"],
    ["motorway", "trunk", "primary"],
    1,
    ["secondary", "tertiary"],
    0.8,
    ["service"],
    0.3,
    0.6,
  ];
  const roadWidth = (extra: number): ExpressionSpecification => [
    "interpolate",
    ["exponential", 1.5],
    ["zoom"],
    12,
    ["+", extra, ["*", 2.2, byClass]],
    18,
    ["+", extra, ["*", 30, byClass]],
  ];
  return [
    { id: "ground", type: "background", paint: { "background-color": ground.land } },
    {
      ...from("land"),
      id: "land",
      type: "fill",
      filter: ["match", ["get", "kind"], ["square", "campus", "pier", "sand"], true, false],
      paint: { "fill-color": ground.square },
    },
    { ...from("green"), id: "green", type: "fill", paint: { "fill-color": ground.park } },
    {
      ...from("water"),
      id: "water",
      type: "fill",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": ground.water },
    },
    {
      ...from("water"),
      id: "streams",
      type: "line",
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": ground.water, "line-width": growing(1, 12) },
    },
    {
      ...from("paths"),
      id: "paths",
      type: "line",
      minzoom: 15,
      filter: ["!=", ["get", "kind"], "sidewalk"],
      paint: {
        "line-color": ground.path,
        "line-width": growing(0.5, 3.5),
        "line-dasharray": [3, 1.5],
      },
    },
    {
      ...from("buildings"),
      id: "buildings",
      type: "fill",
      minzoom: 14,
      paint: {
        "fill-color": ground.building,
        "fill-outline-color": ground.wall,
        "fill-opacity": ["interpolate", ["linear"], ["zoom"], 14, 0, 14.6, 1],
      },
    },
    {
      ...from("roads"),
      id: "road-edges",
      type: "line",
      layout: round,
      paint: {
        "line-color": ground.wall,
        "line-width": roadWidth(1.6),
        "line-opacity": ["case", isTunnel, 0.25, 1],
      },
    },
    {
      ...from("roads"),
      id: "roads",
      type: "line",
      layout: round,
      paint: {
        "line-color": ground.street,
        "line-width": roadWidth(0),
        "line-opacity": ["case", isTunnel, 0.35, 1],
      },
    },
    {
      id: "beyond",
      type: "fill",
      source: "beyond",
      paint: { "fill-color": ground.beyond, "fill-antialias": false },
    },
    {
      ...from("rail"),
      id: "rail",
      type: "line",
      minzoom: 13,
      filter: ["!=", ["get", "kind"], "tram"],
      paint: { "line-color": ground.rail, "line-width": growing(0.3, 2.5) },
    },
  ];
}

function labelLayers(theme: Theme): [streets: LayerSpecification, places: LayerSpecification] {
  const ground = GROUND[theme];
  const paint = {
    "text-color": ground.label,
    "text-halo-color": ground.halo,
    "text-halo-width": 1.5,
  };
  return [
    {
      ...from("street_names"),
      id: "street-names",
      type: "symbol",
      minzoom: 13.5,
      layout: {
        "symbol-placement": "line",
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"], 14, 11, 18, 15],
        "symbol-spacing": 360,
        "text-padding": 6,
        "text-max-angle": 30,
      },
      paint,
    },
    {
      ...from("labels"),
      id: "place-names",
      type: "symbol",
      filter: [
        "step",
        ["zoom"],
        ["match", ["get", "kind"], ["city", "town", "village", "suburb", "quarter"], true, false],
        14,
        ["match", ["get", "kind"], ["square", "cemetery", "neighbourhood"], false, true],
        16,
        true,
      ],
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": [
          "match",
          ["get", "kind"],
          ["city", "town"],
          16,
          ["suburb", "village"],
          14,
          11.5,
        ],
        "text-max-width": 8,
        "text-padding": 10,
      },
      paint: { ...paint, "text-color": ground.place },
    },
  ];
}

/** The world but for the city: there is no data out there, and the map says so. */
function beyond({ bbox: [west, south, east, north] }: City) {
  const ring = (w: number, s: number, e: number, n: number) => [
    [w, s],
    [e, s],
    [e, n],
    [w, n],
    [w, s],
  ];
  return { type: "Polygon" as const, coordinates: [ring(-180, -85, 180, 85), ring(west, south, east, north)] };
}

/** What is shown on the city: it lies between the streets and their names. */
export interface Shown {
  sources?: Record<string, SourceSpecification>;
  layers: LayerSpecification[];
  /** What lies above the names of streets: where there is no room, those give way. */
  above?: LayerSpecification[];
  /** What lies above everything. */
  top?: LayerSpecification[];
}

/** Several things shown on one city. */
export function together(...all: Shown[]): Shown {
  return {
    sources: Object.assign({}, ...all.map(({ sources }) => sources)),
    layers: all.flatMap(({ layers }) => layers),
    above: all.flatMap(({ above = [] }) => above),
    top: all.flatMap(({ top = [] }) => top),
  };
}

/** The whole style. Without `glyphs` the map library draws labels with the device's own fonts. */
export function cityStyle(theme: Theme, city: City, { sources, layers, above = [], top = [] }: Shown): StyleSpecification {
  const [streetNames, placeNames] = labelLayers(theme);
  return {
    version: 8,
    sources: {
      [SOURCE]: {
        type: "vector",
        tiles: [`${location.origin}/tiles/{z}/{x}/{y}.mvt`],
        minzoom: 10,
        maxzoom: 15,
        attribution: linked(city.attribution),
      },
      beyond: { type: "geojson", data: beyond(city) },
      ...sources,
    },
    layers: [...groundLayers(theme), ...layers, streetNames, ...above, placeNames, ...top],
  };
}
