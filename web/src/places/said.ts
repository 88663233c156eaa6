/** What is known of a place, in words: open or not, how busy, how far. */

import type { Address, BestTime, BusyThen, HoursKind, Level, Opening, PlaceDay } from "./wire";

const SOON_MS = 60 * 60_000;
const MINUTE_MS = 60_000;
/** The night belongs to the evening before it. */
export const DAY_BEGINS_HOUR = 5;

export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

/** "20:00", off a moment that is told on the city's clocks. */
export const clockOf = (told: string) => told.slice(11, 16).replace(/^0/, "");
const dayOf = (told: string) => told.slice(0, 10);

/** Days between two local days, told as "2026-11-24". */
const daysApart = (from: string, to: string) => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);

/** Monday is 0. */
export const weekdayOf = (day: string) => (new Date(`${day}T12:00Z`).getUTCDay() + 6) % 7;

/** Which night-to-night day a moment belongs to, and its hour in it: 5 to 28. */
export function eveningOf(told: string): { weekday: number; hour: number } {
  const hour = Number(told.slice(11, 13));
  const weekday = weekdayOf(dayOf(told));
  return hour < DAY_BEGINS_HOUR ? { weekday: (weekday + 6) % 7, hour: hour + 24 } : { weekday, hour };
}

export interface Said {
  state: "open" | "closed" | "unknown";
  words: string;
  /** What comes next: "closes 20:00". */
  next: string;
  isSoon: boolean;
}

/** "Open", "until 20:00"; "Closed", "opens in 40 min". */
export function openingSaid({ open, changes_at: changes }: Opening, kind: HoursKind, at: string): Said {
  if (open === null) {
    const words = { read: "It depends", unreadable: "Hours not readable", "not told": "Hours not known" }[kind];
    return { state: "unknown", words, next: "", isSoon: false };
  }
  const state = open ? "open" : "closed";
  const words = open ? "Open" : "Closed";
  if (changes === null) return { state, words: open ? "Always open" : words, next: "", isSoon: false };
  const leftMs = Date.parse(changes) - Date.parse(at);
  const isSoon = leftMs < SOON_MS;
  const verb = open ? "closes" : "opens";
  const next = isSoon ? `${verb} in ${Math.max(1, Math.round(leftMs / MINUTE_MS))} min` : `${verb} ${whenSaid(changes, at)}`;
  return { state, words, next, isSoon };
}

/** "20:00", "tomorrow 9:00", "Mon 9:00", "24 Dec". */
function whenSaid(then: string, at: string): string {
  const apart = daysApart(dayOf(at), dayOf(then));
  const clock = clockOf(then);
  if (apart === 0) return clock;
  const isTonight = apart === 1 && Number(then.slice(11, 13)) <= DAY_BEGINS_HOUR && Number(at.slice(11, 13)) >= 12;
  if (isTonight) return clock;
  if (apart === 1) return `tomorrow ${clock}`;
  if (apart < 7) return `${WEEKDAYS[weekdayOf(dayOf(then))]?.slice(0, 3)} ${clock}`;
  return new Date(`${dayOf(then)}T12:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}

/** "8:00–16:00, 18:00–2:00", or why there is nothing of the kind. */
export function hoursSaid({ openings }: PlaceDay): string {
  if (openings.length === 0) return "Closed";
  return openings
    .map(({ opens, closes, sure, comment }) => {
      const isWhole = clockOf(opens) === "0:00" && Date.parse(closes) - Date.parse(opens) >= 86_400_000;
      const span = isWhole ? "Open all day" : `${clockOf(opens)}–${clockOf(closes)}`;
      const note = [sure ? "" : "perhaps", comment].filter(Boolean).join(": ");
      return note ? `${span} (${note})` : span;
    })
    .join(", ");
}

/** Of its own busiest hour: what people would say. */
export function busySaid(percent: number): string {
  if (percent < 20) return "Usually quiet";
  if (percent < 45) return "Usually not too busy";
  if (percent < 75) return "Usually busy";
  return "Usually as busy as it gets";
}

export const LEVEL_WORDS: Record<Exclude<Level, "none">, string> = {
  quieter: "Quieter than usual",
  usual: "As busy as usual",
  busier: "Busier than usual",
};

/** What a line of a list says of how busy it is. */
export function busyThenSaid({ percent, live, evidence }: BusyThen): string {
  if (live !== "none") return LEVEL_WORDS[live];
  return evidence === "category" ? `${busySaid(percent)} at such places` : busySaid(percent);
}

/** "140 m", "1.2 km". */
export function distanceSaid(metres: number): string {
  return metres < 995 ? `${Math.max(10, Math.round(metres / 10) * 10)} m` : `${(metres / 1000).toFixed(1)} km`;
}

/** "25 min", "1 h 20". */
export function minutesSaid(minutes: number): string {
  const rounded = minutes < 20 ? minutes : Math.round(minutes / 5) * 5;
  const [hours, rest] = [Math.floor(rounded / 60), rounded % 60];
  if (hours === 0) return `${rest} min`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** "Mon, Tue 9–11", "Fri 14–16": days of the same hours together. */
export function bestSaid(best: readonly BestTime[]): string[] {
  const spans = new Map<string, string[]>();
  for (const { day, begins, ends } of best) {
    const span = `${Number(begins.slice(0, 2))}–${Number(ends.slice(0, 2))}`;
    spans.set(span, [...(spans.get(span) ?? []), day.slice(0, 3)]);
  }
  return [...spans].map(([span, days]) => `${days.join(", ")} ${span}`);
}

export function addressSaid({ street, house_number: number, town }: Address): string {
  return [[street, number].filter(Boolean).join(" "), street ? "" : town].filter(Boolean).join(", ");
}

/** "Monday 30 November, 2:00". */
export function dueSaid(due: string): string {
  const day = new Date(`${dayOf(due)}T12:00Z`).toLocaleDateString("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    timeZone: "UTC",
  });
  return day;
}
