/** What the house says, typed as `src/hubbub/outlet/wire.py` writes it, and how to ask for it. */

export interface Promise_ {
  name: string;
  unit: string;
  epsilon: number;
  delta: number;
  weaker: boolean;
  guess_percent_max: number;
  block: string;
  words: string;
  accuracy: string;
  noise_people: number;
  noise_people_95: number;
  means: { people: number; percent: number }[];
  floor_people: number;
}

export interface City {
  name: string;
  bbox: [west: number, south: number, east: number, north: number];
  zone: string;
  attribution: string;
  roads: number;
}

export interface About {
  city: City | null;
  clock: { now: string; speed: number; replay: boolean };
  promises: Promise_[];
  enrolment: "open" | "operator";
}

/** Parallel columns, one place a road. */
export interface Live {
  at: string | null;
  hides: { unit: string; weaker: boolean };
  segment: number[];
  speed_kmh: number[];
  free_flow_kmh: number[];
  jam: number[];
  confidence: number[];
  age_s: number[];
  live: number[];
}

export interface Segment {
  number: number;
  name: string;
  length_m: number;
  limit_kmh: number;
  shape_e6: number[];
}

export interface Release {
  id: string;
  name: string;
  block: string;
  at: string;
  sha256: string;
  words: string;
  promise: Promise_ | null;
}

export interface OneRelease extends Release {
  accuracy: {
    unit: "people";
    denoiser: string;
    counters: { counter: string; noise: number; error: number; error_95: number }[];
  } | null;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
}

/** The house said no, and why. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

/** Nobody answered: the house is away, or this device is offline. */
export class NoAnswer extends Error {
  constructor() {
    super(navigator.onLine ? "no answer" : "this device is offline");
  }
}

/** Tell whether the house said no for this very reason: the end of the problem's type. */
export function isRefused(error: unknown, kind: string): boolean {
  return error instanceof Refusal && error.problem.type.endsWith(`:${kind}`);
}

/** What went wrong, to stand within a sentence. */
export function why(error: unknown): string {
  return error instanceof Error ? error.message : "no answer";
}

/** Ask, and give up in time: a house that hangs is a house that is away. */
export async function answerTo(path: string, options: RequestInit = {}): Promise<Response> {
  const answer = await fetch(path, { signal: AbortSignal.timeout(10_000), ...options }).catch(() => {
    throw new NoAnswer();
  });
  if (answer.ok) return answer;
  const isProblem = answer.headers.get("content-type")?.includes("problem+json");
  throw new Refusal(
    isProblem
      ? ((await answer.json()) as Problem)
      : { type: "about:blank", title: answer.statusText, status: answer.status },
  );
}

/** Ask for JSON. */
export async function ask<Answer>(path: string, options: RequestInit = {}): Promise<Answer> {
  const answer = await answerTo(path, options);
  return (answer.status === 204 ? undefined : await answer.json()) as Answer;
}

/** Options that send `body` as JSON. */
export function withBody(method: "POST" | "PUT", body: unknown): RequestInit {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** Remembers the last picture's tag, so that an unchanged one costs a header and no body. */
export class LiveFeed {
  #tag = "";

  /** Gives the newest picture, or nothing when it is the one given before. */
  async next(): Promise<Live | undefined> {
    const answer = await fetch("/v1/traffic/live.json", {
      cache: "no-store",
      headers: this.#tag === "" ? {} : { "if-none-match": this.#tag },
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.status === 304) return undefined;
    if (!answer.ok) {
      throw new Refusal({ type: "about:blank", title: answer.statusText, status: answer.status });
    }
    const live = (await answer.json()) as Live;
    this.#tag = answer.headers.get("etag") ?? "";
    return live;
  }
}
