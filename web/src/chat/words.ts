/** Times and events in the words of a chat. */

import { dayHere, timeHere } from "../lib/words";

const DAY_MS = 86_400_000;
const WEEKDAY = { weekday: "long" } as const;

/** "Today", "Yesterday", "Monday", "24 Nov 2026". */
export function dayWords(at: Date, now = new Date()): string {
  const days = Math.round((midnight(now) - midnight(at)) / DAY_MS);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  return days < 7 ? at.toLocaleDateString("en-GB", WEEKDAY) : dayHere(at);
}

/** The time for today, the day for before: what fits a row. */
export function shortWhen(at: Date, now = new Date()): string {
  const day = dayWords(at, now);
  return day === "Today" ? timeHere(at) : day;
}

/** "0:07", "12:31". */
export function clockLength(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "Ann is typing", "Ann and Bo are typing". */
export function typingWords(names: string[]): string {
  if (names.length === 0) return "";
  if (names.length > 2) return "Several people are typing…";
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing…`;
}

/** "310 kB", "2.4 MB". */
export function sizeWords(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}
