/** Places around what is shown, fetched piece by piece as the map moves, and again when they age. */

import { ask } from "../lib/api";
import type { PlaceFound, PlacesFound } from "../places/wire";

/** From here on there is room for places. */
export const PLACES_ZOOM = 13.2;
const PIECE_ZOOM = 14;
const DEEPEST = 17;
const PIECES_MAX = 24;
const FOUND_MAX = 1000;
const AGED_MS = 180_000;

type Box = readonly [west: number, south: number, east: number, north: number];
type Piece = readonly [z: number, x: number, y: number];

/** A place of the city may lie a little outside the box of its roads: a beach, an island. */
const BESIDE_DEG = 0.02;

export class Nearby {
  #places = new Map<string, PlaceFound>();
  /** When each piece was asked for; it is not asked for twice at a time. */
  #asked = new Map<string, number>();

  #city: Box;
  /** Something that was asked for did not come. */
  isLacking = false;

  constructor([west, south, east, north]: Box) {
    this.#city = [west - BESIDE_DEG, south - BESIDE_DEG, east + BESIDE_DEG, north + BESIDE_DEG];
  }

  get all(): PlaceFound[] {
    return [...this.#places.values()];
  }

  /** Fetch what is missing or old of a box; tells whether there is anything new. */
  async look([west, south, east, north]: Box): Promise<boolean> {
    const [w, s, e, n] = this.#city;
    const box: Box = [Math.max(west, w), Math.max(south, s), Math.min(east, e), Math.min(north, n)];
    const missing = piecesOf(box).filter((piece) => performance.now() - (this.#asked.get(`${piece}`) ?? -AGED_MS) >= AGED_MS);
    this.isLacking = false;
    const found = await Promise.all(missing.map((piece) => this.#fetch(piece)));
    return found.includes(true);
  }

  async #fetch(piece: Piece): Promise<boolean> {
    this.#asked.set(`${piece}`, performance.now());
    try {
      const bbox = boxOf(piece).map((degrees) => degrees.toFixed(6));
      const { places, more } = await ask<PlacesFound>(`/v1/places?limit=${FOUND_MAX}&bbox=${bbox.join(",")}`);
      for (const place of places) this.#places.set(place.id, place);
      if (!more || piece[0] >= DEEPEST) return places.length > 0;
      return (await Promise.all(quartersOf(piece).map((quarter) => this.#fetch(quarter)))).includes(true);
    } catch {
      this.#asked.delete(`${piece}`); // it is asked for again; what was fetched stays
      this.isLacking = true;
      return false;
    }
  }
}

function piecesOf([west, south, east, north]: Box): Piece[] {
  const [left, top] = [acrossOf(west), downOf(north)].map(Math.floor) as [number, number];
  const [right, bottom] = [acrossOf(east), downOf(south)].map(Math.floor) as [number, number];
  const pieces: Piece[] = [];
  for (let x = left; x <= right; x += 1) {
    for (let y = top; y <= bottom; y += 1) pieces.push([PIECE_ZOOM, x, y]);
  }
  return pieces.slice(0, PIECES_MAX);
}

function quartersOf([z, x, y]: Piece): Piece[] {
  return [0, 1].flatMap((right) => [0, 1].map((below) => [z + 1, 2 * x + right, 2 * y + below] as const));
}

const acrossOf = (lon: number) => (lon / 360 + 0.5) * 2 ** PIECE_ZOOM;
const downOf = (lat: number) => (0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI)) * 2 ** PIECE_ZOOM;

function boxOf([z, x, y]: Piece): Box {
  const lonOf = (across: number) => (across / 2 ** z - 0.5) * 360;
  const latOf = (down: number) => (Math.atan(Math.sinh((0.5 - down / 2 ** z) * 2 * Math.PI)) * 180) / Math.PI;
  return [lonOf(x), latOf(y + 1), lonOf(x + 1), latOf(y)];
}
