/** What differs between two notices, and how that is said. */

export interface Change {
  kind: "added" | "removed" | "changed";
  /** Where in the notice, as "uses.public.places.words". */
  field: string;
  before: string;
  after: string;
}

/** What differs between two notices, field by field; a part that is in one only is told as one. */
export function changesBetween(before: unknown, after: unknown, field = ""): Change[] {
  const [old, now] = [partsOf(before), partsOf(after)];
  if (old && now) {
    return [...new Set([...old.keys(), ...now.keys()])]
      .filter((key) => field || key !== "version")
      .flatMap((key) => changesBetween(old.get(key), now.get(key), field ? `${field}.${key}` : key));
  }
  const [was, is] = [inBrief(before), inBrief(after)];
  if (was === is) return [];
  return [{ kind: !was ? "added" : !is ? "removed" : "changed", field, before: was, after: is }];
}

/** The key by which one part of a list is told from another. */
const NAMED_BY = ["purpose", "category", "recipient"];

/** The parts of a notice's part by their names; nothing for what has none. */
function partsOf(part: unknown): Map<string, unknown> | undefined {
  if (typeof part !== "object" || part === null) return undefined;
  if (!Array.isArray(part)) return new Map(Object.entries(part));
  const key = NAMED_BY.find((name) => part.every((each) => typeof each?.[name] === "string"));
  return key && part.length > 0 ? new Map(part.map((each) => [each[key], each])) : undefined;
}

function inBrief(part: unknown): string {
  if (part === undefined || part === null) return "";
  if (Array.isArray(part)) return part.map(inBrief).join(", ");
  if (typeof part !== "object") return String(part);
  const { title, name } = part as { title?: string; name?: string };
  return title ?? name ?? JSON.stringify(part);
}

/** A part of a notice that came or went is told as one, and not field by field. */
export function gathered(changes: Change[]): Change[] {
  const parts = changes
    .filter(({ kind, field }) => kind !== "changed" && NAMED_BY.includes(lastOf(field)))
    .map(({ field }) => field.slice(0, field.lastIndexOf(".")));
  const whole = parts.map((part) => {
    const own = changes.filter(({ field }) => isOf(part, field));
    const named = own.find(({ field }) => ["title", "name"].includes(lastOf(field))) ?? own[0]!;
    return { ...named, field: part };
  });
  return [...whole, ...changes.filter(({ field }) => !parts.some((part) => isOf(part, field)))];
}

const lastOf = (field: string) => field.slice(field.lastIndexOf(".") + 1);

/** "uses.public.traffic.words" is of "uses.public.traffic"; what is of "….traffic.live" is not. */
function isOf(part: string, field: string): boolean {
  if (!field.startsWith(`${part}.`)) return false;
  const [first = ""] = field.slice(part.length + 1).split(".");
  return NAMED_BY.includes(first) || first in FIELD_WORDS;
}

const FIELD_WORDS: Record<string, string> = {
  title: "title",
  words: "what happens",
  published: "what everybody sees",
  categories: "what is read",
  recipients: "who reads it",
  legal_basis: "what it rests on",
  retention_days: "days kept",
  source: "where it comes from",
  owner: "who answers for it",
  contact: "how to reach them",
  name: "name",
  fit_for_minors: "whether minors may agree",
  dpv_purpose: "its name in DPV",
  dpv: "its name in DPV",
  kind: "what they are",
  transfer: "to other countries",
};
const PART_WORDS: Record<string, string> = {
  uses: "purpose",
  categories: "kind of data",
  recipients: "who reads",
  rights: "your right",
  operator: "who answers for the data",
  region: "the law",
};

/** "uses.public.places.words" as people say it: with the `titles` of purposes and categories. */
export function fieldSaid(field: string, titles: Map<string, string>): string {
  const [part = "", ...rest] = field.split(".");
  const said = FIELD_WORDS[rest.at(-1) ?? ""];
  const within = rest.slice(0, said ? -1 : undefined).join(".");
  const words = [PART_WORDS[part] ?? part.replaceAll("_", " "), titles.get(within) ?? within, said];
  return words.filter(Boolean).join(", ");
}
