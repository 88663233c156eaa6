/** How places are drawn: a pin by kind where there is room, a dot where there is not, grey when closed. */

import type { Feature, FeatureCollection, Point } from "geojson";
import type { Map as Canvas, ExpressionSpecification, GeoJSONSource } from "maplibre-gl";
import type { Theme } from "../lib/theme.svelte";
import { CATEGORIES, colourOf, GROUP_COLOURS, LEVEL_COLOURS, PALE, type Category } from "../places/categories";
import type { PlaceFound } from "../places/wire";
import { GROUND } from "./colours";
import { FONT, type Shown } from "./style";

const PLACES = "places";
const PICKED = "picked-place";
/** Layers that a tap may hit, the uppermost first. */
export const TAPPED_PLACES = ["place-pins", "place-dots"];

const PIN_PIXELS = 26;
const EMPTY = { type: "FeatureCollection" as const, features: [] };

type Features = FeatureCollection<Point>;
let shown: Features = EMPTY;
let picked: Features = EMPTY;
let pickedId: string | undefined;

/** The layers; what is in them is kept over a change of light. */
export function pins(theme: Theme): Shown {
  const groups = Object.entries(GROUP_COLOURS).flatMap(([group, colour]) => [group, colour[theme]]);
  const colour = ["match", ["get", "group"], ...groups, PALE[theme]] as unknown as ExpressionSpecification;
  const ofKind: ExpressionSpecification = ["case", ["==", ["get", "open"], 0], PALE[theme], colour];
  const label = {
    "text-font": FONT,
    "text-field": ["get", "name"] as ExpressionSpecification,
    "text-max-width": 8,
    "text-variable-anchor": ["left", "right", "top", "bottom"] as ("left" | "right" | "top" | "bottom")[],
    "text-justify": "auto" as const,
  };
  const halo = { "text-halo-color": GROUND[theme].halo, "text-halo-width": 1.6 };
  return {
    sources: {
      [PLACES]: { type: "geojson", data: others() },
      [PICKED]: { type: "geojson", data: picked },
    },
    layers: [],
    above: [
      {
        id: "place-dots",
        type: "circle",
        source: PLACES,
        filter: [">=", ["+", ["zoom"], ["*", 9, ["get", "found"]]], 15.8],
        paint: {
          "circle-color": ofKind,
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 13, 3, 15.8, ["case", ["==", ["get", "found"], 1], 3.4, 1.8], 18, 4.5],
          "circle-stroke-color": GROUND[theme].halo,
          "circle-stroke-width": 1,
          "circle-opacity": ["case", ["==", ["get", "open"], 0], 0.55, 0.9],
        },
      },
      {
        id: "place-pins",
        type: "symbol",
        source: PLACES,
        // The nearer one looks, the more kinds of places are of use.
        filter: ["<=", ["get", "rank"], ["interpolate", ["linear"], ["zoom"], 13, 2.4, 14, 4, 15, 6, 16, 12]],
        layout: {
          ...label,
          "icon-image": ["concat", ["get", "pin"], `|${theme}`],
          "icon-padding": ["interpolate", ["linear"], ["zoom"], 13, ["literal", [14]], 16, ["literal", [5]], 18, ["literal", [2]]],
          "symbol-sort-key": ["get", "rank"],
          "text-field": ["step", ["zoom"], "", 14.6, ["get", "name"]],
          "text-size": ["interpolate", ["linear"], ["zoom"], 14, 11, 17, 12.5],
          "text-radial-offset": 1.35,
          "text-optional": true,
          "text-padding": 4,
        },
        paint: { ...halo, "text-color": GROUND[theme].label },
      },
    ],
    top: [
      {
        id: "picked-pin",
        type: "symbol",
        source: PICKED,
        layout: {
          ...label,
          "icon-image": ["concat", ["get", "pin"], `|${theme}`],
          "icon-size": 1.45,
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
          "text-size": 14,
          "text-radial-offset": 1.7,
          "text-optional": true,
        },
        paint: { ...halo, "text-halo-width": 2, "text-color": GROUND[theme].picked },
      },
    ],
  };
}

/** Show these places and no others; what somebody looked for is shown at any zoom. */
export function showPlaces(canvas: Canvas, places: PlaceFound[], isFound: boolean): void {
  shown = { type: "FeatureCollection", features: places.map((place) => featureOf(place, isFound)) };
  fill(canvas, PLACES, others());
}

/** Mark one place, or none. */
export function markPlace(canvas: Canvas, place: Marked | undefined): void {
  picked = { type: "FeatureCollection", features: place ? [markedFeature(place)] : [] };
  pickedId = place?.id;
  fill(canvas, PICKED, picked);
  fill(canvas, PLACES, others());
}

/** All that is shown but for what is marked: nothing is drawn twice. */
function others(): Features {
  return { ...shown, features: shown.features.filter(({ properties }) => properties?.["id"] !== pickedId) };
}

function fill(canvas: Canvas, source: string, features: Features): void {
  (canvas.getSource(source) as GeoJSONSource | undefined)?.setData(features);
}

export type Marked = Pick<PlaceFound, "id" | "name" | "category" | "lat" | "lon" | "open">;

function markedFeature({ name, category, lat, lon, open }: Marked): Feature<Point> {
  return {
    type: "Feature",
    geometry: { type: "Point", coordinates: [lon, lat] },
    properties: { name, pin: `${category}|${open === false ? "pale" : ""}|` },
  };
}

function featureOf(place: PlaceFound, isFound: boolean): Feature<Point> {
  const { id, name, category, open, busy } = place;
  const level = busy && open !== false && (busy.live === "busier" || busy.live === "quieter") ? busy.live : "";
  return {
    type: "Feature",
    geometry: { type: "Point", coordinates: [place.lon, place.lat] },
    properties: {
      id,
      name,
      group: CATEGORIES[category].group,
      pin: `${category}|${open === false ? "pale" : ""}|${level}`,
      open: open === null ? -1 : Number(open),
      found: Number(isFound),
      rank: isFound ? Number(open === false) : rankOf(place, level),
    },
  };
}

/** What is shown first: what most people look for, what is open, what there is something to say of. */
function rankOf({ name, category, open, hours, busy }: PlaceFound, level: string): number {
  let rank: number = CATEGORIES[category].rank;
  if (!name) rank += 2;
  if (open === false) rank += 2;
  if (hours !== "read") rank += 0.6;
  if (level) rank -= 0.8;
  if (busy?.evidence === "own") rank -= 0.7;
  if (busy?.evidence === "blend") rank -= 0.3;
  return rank;
}

/** Draw the pins as the map asks for them: each is drawn once. */
export function drawPins(canvas: Canvas): void {
  canvas.setMissingStyleImageResolver((id) => {
    const [category, pale, level, theme] = id.split("|") as [Category, string, string, Theme];
    if (!(category in CATEGORIES) || canvas.hasImage(id)) return;
    const ratio = Math.min(3, Math.ceil(devicePixelRatio));
    const colour = pale ? PALE[theme] : colourOf(category, theme);
    const badge = level === "busier" || level === "quieter" ? LEVEL_COLOURS[level][theme] : undefined;
    canvas.addImage(id, pinOf(category, { colour, badge, edge: GROUND[theme].halo, ratio }), { pixelRatio: ratio });
  });
}

interface PinLook {
  colour: string;
  badge: string | undefined;
  edge: string;
  ratio: number;
}

function pinOf(category: Category, { colour, badge, edge, ratio }: PinLook): ImageData {
  const side = (PIN_PIXELS + 6) * ratio;
  const pen = new OffscreenCanvas(side, side).getContext("2d")!;
  pen.scale(ratio, ratio);
  const middle = PIN_PIXELS / 2 + 3;
  disc(pen, [middle, middle, PIN_PIXELS / 2], edge);
  disc(pen, [middle, middle, PIN_PIXELS / 2 - 1.5], colour);
  pen.save();
  const scale = (PIN_PIXELS * 0.6) / 24;
  pen.translate(middle - 12 * scale, middle - 12 * scale);
  pen.scale(scale, scale);
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 2.1;
  pen.lineCap = pen.lineJoin = "round";
  pen.stroke(new Path2D(CATEGORIES[category].glyph));
  pen.restore();
  if (badge) {
    disc(pen, [middle + 9, middle - 9, 6.2], edge);
    disc(pen, [middle + 9, middle - 9, 4.7], badge);
  }
  return pen.getImageData(0, 0, side, side);
}

function disc(pen: OffscreenCanvasRenderingContext2D, [x, y, radius]: [number, number, number], colour: string): void {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}
