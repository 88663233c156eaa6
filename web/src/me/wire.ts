/** What the house tells a person about themselves, typed as its API writes it. */

import type { Cell } from "../lib/cells";

/** Who is signed in here. */
export interface SignedIn {
  device: string;
  by: "token" | "passkey";
  since: string;
  ends_at: string | null;
  /** Until when export and erasure ask for nothing more. */
  fresh_until: string | null;
  sessions: number;
  passkeys: number;
  passkeys_here: boolean;
  passkeys_origin: string;
}

export interface Passkey {
  id: number;
  name: string;
  added_at: string;
  used_at: string | null;
}

/** What may be agreed to, as the deal has it now. */
export interface MyCell extends Cell {
  since: string | null;
}

export interface Deal {
  device: string;
  standing: "sharing" | "stopped";
  since: string;
  receipt: number;
  agreed_version: number;
  notice: { version: number; sha256: string; title: string; region: string; language: string };
  cells: MyCell[];
}

export interface ReceiptCard {
  number: number;
  at: string;
  status: string;
  method: string;
  notice_version: number;
  granted: { category: string; purpose: string; recipient: string }[];
  /** Category, purpose and recipient in a line. */
  closed: string[];
}

export interface Given {
  zone: string;
  rows: number;
  categories: {
    category: string;
    rows: number;
    first: string | null;
    last: string | null;
    days: DayCount[];
  }[];
}

export interface DayCount {
  day: string;
  rows: number;
}

/** Parallel columns, one place a position. */
export interface Points {
  day: string | null;
  rows: number;
  shown: number;
  bbox: [west: number, south: number, east: number, north: number] | null;
  lon_e6: number[];
  lat_e6: number[];
  at: string[];
}

export interface HelpedRoad {
  segment: number;
  name: string;
  length_m: number;
  passes: number;
  windows: number;
}

export interface Roads {
  since: string;
  until: string;
  zone: string;
  passes: number;
  roads: number;
  released: number;
  words: string;
  helped: HelpedRoad[];
}

export interface Erasure {
  state: "waiting" | "done";
  requested_at: string;
  certificate: Record<string, unknown> | null;
}
