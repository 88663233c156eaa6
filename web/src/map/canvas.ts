/** A map of the city in a frame of a page, as every page of ours shows one. */

import "maplibre-gl/dist/maplibre-gl.css";
import "./canvas.css";
import {
  AttributionControl,
  Map as Canvas,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type MapOptions,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { City } from "../lib/api";

export const still = matchMedia("(prefers-reduced-motion: reduce)");

interface Look extends Omit<MapOptions, "container"> {
  city: City;
  /** What a screen reader says of it. */
  label: string;
}

/** Draw a map, north up. Nothing: this browser has no WebGL. */
export function openMap(frame: HTMLElement, { city, label, ...options }: Look): Canvas | undefined {
  setWorkerUrl(workerUrl);
  let map: Canvas;
  try {
    map = new Canvas({
      container: frame,
      bounds: city.bbox,
      maxBounds: around(city.bbox),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: still.matches ? 0 : 200,
      ...options,
    });
  } catch {
    return undefined;
  }
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.getCanvas().setAttribute("aria-label", label);
  map.addControl(new AttributionControl({ compact: false }), "bottom-right");
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl(), "bottom-left");
  return map;
}

function around([west, south, east, north]: City["bbox"]): City["bbox"] {
  const [wide, high] = [east - west, north - south];
  return [west - wide * 2, south - high * 2, east + wide * 2, north + high * 2];
}
