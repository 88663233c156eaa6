/** What the house tells of places, typed as `src/hubbub/outlet/wire_places.py` writes it. */

import type { Category } from "./categories";

export type HoursKind = "read" | "unreadable" | "not told";
export type Level = "quieter" | "usual" | "busier" | "none";
export type Evidence = "own" | "blend" | "category";

export interface Address {
  street: string;
  house_number: string;
  postcode: string;
  town: string;
}

/** How a place is at one moment. Moments are on the city's clocks, with their offset. */
export interface Opening {
  open: boolean | null;
  changes_at: string | null;
}

/** How busy it usually is in one hour, in percent of its own busiest hour. */
export interface BusyThen {
  percent: number;
  low: number;
  high: number;
  evidence: Evidence;
  live: Level;
}

export interface PlaceFound extends Opening {
  id: string;
  name: string;
  category: Category;
  lat: number;
  lon: number;
  address: Address;
  hours: HoursKind;
  busy: BusyThen | null;
  distance_m: number | null;
}

export interface PlacesFound {
  at: string;
  zone: string;
  places: PlaceFound[];
  more: boolean;
}

export interface PlaceDay {
  day: string;
  public_holiday: boolean | null;
  openings: { opens: string; closes: string; sure: boolean; comment: string }[];
}

/** A day of the typical week: each list has 24 hours from midnight on. */
export interface BusyDay {
  name: string;
  percent: number[];
  low: number[];
  high: number[];
  closed: boolean[];
}

export interface BestTime {
  day: string;
  begins: string;
  ends: string;
}

export interface Busyness {
  week: BusyDay[];
  live: { level: Level; reason: string; of: "place" | "area"; at: string | null };
  stay_minutes: { low: number; high: number };
  best: BestTime[];
  hours: "own" | "category";
  evidence: Evidence;
  weeks: number;
  releases: string[];
  hides: { unit: string; weaker: boolean };
}

export interface Place extends Opening {
  id: string;
  name: string;
  other_names: string[];
  category: Category;
  lat: number;
  lon: number;
  address: Address;
  source: "osm" | "corrected" | "operator";
  map_object: string;
  at: string;
  zone: string;
  hours: {
    kind: HoursKind;
    told: string;
    read_as: string;
    tells_holidays: boolean;
    open_end: boolean;
    comment: string;
  };
  week: PlaceDay[];
  busyness: Busyness | null;
  busyness_due: string | null;
  attribution: string;
}
