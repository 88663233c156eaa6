/** What the house tells a person about themselves, typed as its API writes it. */

import type { Cell, CellName } from "../lib/cells";
import type { Change } from "../lib/changes";

/** Who is signed in here. */
export interface SignedIn {
  device: string;
  by: "token" | "passkey" | "messenger";
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
  /** Agreed to by itself only. */
  alone: boolean;
}

/** A signal said no to what its person had said yes to, and was heeded. */
export interface Conflict {
  signal: string;
  cells: CellName[];
  first_at: string;
  last_at: string;
  times: number;
}

export interface Deal {
  device: string;
  standing: "sharing" | "paused" | "stopped";
  since: string;
  paused_since: string | null;
  receipt: number;
  agreed_version: number;
  notice: { version: number; sha256: string; title: string; region: string; language: string };
  cells: MyCell[];
  /** The latest first. */
  conflicts: Conflict[];
  /** What the notice in force says otherwise than the one that was agreed to. */
  changes: Change[];
  changes_dismissed: boolean;
}

export interface ReceiptCard {
  number: number;
  at: string;
  status: string;
  method: string;
  notice_version: number;
  granted: CellName[];
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
  /** Rows that were not kept since the house started last. */
  refused: { reason: string; rows: number }[];
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

export interface CountedVisits {
  since: string;
  until: string;
  zone: string;
  visits: number;
  words: string;
  /** The latest first. */
  cells: { place: string; name: string; category: string; day: string; hour: number; visits: number }[];
}

export interface Reads {
  zone: string;
  reads: {
    day: string;
    category: string;
    purpose: string;
    recipient: string;
    recipient_name: string;
    /** At most so often. */
    times: number;
    last_at: string;
  }[];
  /** The newest link of the chain that every read is written down in. */
  head: { seq: number; hash: string };
}

export interface Erasure {
  state: "waiting" | "done";
  requested_at: string;
  certificate: Record<string, unknown> | null;
}

/** What the messenger counted of a person. */
export interface Counts {
  zone: string;
  rows: number;
  days: { day: string; messages: number; pictures: number; calls: number }[];
  conversations: number;
  conversations_named: number;
}
