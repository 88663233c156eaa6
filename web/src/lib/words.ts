/** Times and numbers in words. */

const DAY = { day: "numeric", month: "short", year: "numeric" } as const;

/** "Tue 24 Nov 08:12", on the city's clocks. */
export function dayAndTime(at: Date, zone: string): string {
  const part = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const get = (type: Intl.DateTimeFormatPartTypes) => part.find((p) => p.type === type)?.value ?? "";
  return `${get("weekday")} ${get("day")} ${get("month")} ${get("hour")}:${get("minute")}`;
}

/** "14:03", on this device's clock. */
export function timeHere(at: Date): string {
  return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "40 s", "6 min", "2 h". */
export function lasting(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}

/** "1 road", "312 roads", "2 switches". */
export function counted(many: number, one: string, more = `${one}s`): string {
  return `${grouped(many)} ${many === 1 ? one : more}`;
}

/** "24 Nov 2026", on the clocks of `zone`. */
export function dayIn(zone: string, at: Date): string {
  return at.toLocaleDateString("en-GB", { timeZone: zone, ...DAY });
}

/** The same on this device's clock. */
export function dayHere(at: Date): string {
  return at.toLocaleDateString("en-GB", DAY);
}

/** "1,204". */
export function grouped(many: number): string {
  return many.toLocaleString("en-GB");
}
