/** The homeserver before anybody is signed in: where it is, signing up, signing in. */

import { ask, NoAnswer, Refusal } from "../lib/api";

/** What a browser keeps so that its person stays signed in. */
export interface Login {
  homeserver: string;
  user: string;
  device: string;
  token: string;
}

export interface Newcomer {
  name: string;
  userName: string;
  password: string;
  /** What an invite link carries; empty without one. */
  invite: string;
}

interface MatrixProblem {
  errcode?: string;
  error?: string;
  retry_after_ms?: number;
}

/** A step that the homeserver still wants to see, and what it offers for it. */
interface StepsLeft extends MatrixProblem {
  session: string;
  flows: { stages: string[] }[];
  completed?: string[];
}

interface SignedIn {
  user_id: string;
  device_id: string;
  access_token: string;
}

const KEPT_AS = "hubbub-chat-login";
const INVITE_STEP = "m.login.registration_token";
const STEPS = [INVITE_STEP, "m.login.dummy"];

const WORDS: Record<string, string> = {
  M_USER_IN_USE: "Somebody here has this user name already: choose another.",
  M_INVALID_USERNAME: "A user name has only small letters, digits and . _ = -",
  M_EXCLUSIVE: "This user name is kept for the house itself: choose another.",
  M_FORBIDDEN: "The user name or the password is not right.",
  M_USER_DEACTIVATED: "This account was closed and cannot be used any more.",
  M_PASSWORD_TOO_SHORT: "This password is too short.",
  M_WEAK_PASSWORD: "This password is too easy to guess: make it longer.",
  M_UNAUTHORIZED: "This invite link was used up or is too old: ask for a new one.",
};

/** The homeserver said no. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    problem: MatrixProblem,
  ) {
    const seconds = Math.ceil((problem.retry_after_ms ?? 0) / 1_000);
    super(
      code === "M_LIMIT_EXCEEDED"
        ? `Too many tries: wait ${seconds || "a few"} seconds.`
        : (WORDS[code] ?? problem.error ?? "The house refused this, without a reason."),
    );
  }
}

/** What the house says of its messenger. */
export interface House {
  state: "up" | "starting" | "none";
  /** Why it is not up, in words. */
  why: string;
  homeserver: string | null;
  /** For whom a proof of being signed in is made. */
  audience: string;
  sign_up: "open" | "invited";
}

/** Ask the house for its messenger. */
export async function findMessenger(): Promise<House> {
  try {
    return await ask<House>("/v1/messenger", { cache: "no-store" });
  } catch (error) {
    if (!(error instanceof Refusal) || error.problem.status !== 404) throw error;
    return { state: "none", why: "", homeserver: null, audience: "", sign_up: "invited" };
  }
}

/** Tell whether an invite still opens the door. */
export async function isGood(homeserver: string, invite: string): Promise<boolean> {
  const path = "/_matrix/client/v1/register/m.login.registration_token/validity";
  const answer = await asked(`${homeserver}${path}?token=${encodeURIComponent(invite)}`);
  return answer.ok && ((await answer.json()) as { valid: boolean }).valid;
}

/** Make an account, and sign this browser in. */
export async function signUp(homeserver: string, who: Newcomer): Promise<Login> {
  const path = `${homeserver}/_matrix/client/v3/register`;
  const invite = who.invite || (await ask<{ token: string }>("/v1/messenger/sign-ups", { method: "POST" })).token;
  const wish = {
    username: who.userName,
    password: who.password,
    initial_device_display_name: namedAfterBrowser(),
  };
  let answer = await post<StepsLeft | SignedIn>(path, wish);
  while (!("access_token" in answer)) {
    const type = nextStep(answer);
    const auth = { type, session: answer.session, ...(type === INVITE_STEP && { token: invite }) };
    answer = await post<StepsLeft | SignedIn>(path, { ...wish, auth });
  }
  const login = loginOf(homeserver, answer);
  await asked(
    `${homeserver}/_matrix/client/v3/profile/${encodeURIComponent(login.user)}/displayname`,
    {
      method: "PUT",
      headers: { authorization: `Bearer ${login.token}` },
      body: JSON.stringify({ displayname: who.name.trim() }),
    },
  );
  return login;
}

/** Sign this browser in to an account that there is. */
export async function signIn(homeserver: string, userName: string, password: string): Promise<Login> {
  const answer = await post<SignedIn>(`${homeserver}/_matrix/client/v3/login`, {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: userName.trim() },
    password,
    initial_device_display_name: namedAfterBrowser(),
  });
  return loginOf(homeserver, answer);
}

export function keptLogin(): Login | undefined {
  const kept = localStorage.getItem(KEPT_AS);
  return kept ? (JSON.parse(kept) as Login) : undefined;
}

export function keepLogin(login: Login | undefined): void {
  if (login) localStorage.setItem(KEPT_AS, JSON.stringify(login));
  else localStorage.removeItem(KEPT_AS);
}

/** Make a user name of a name: "Ann Lee" becomes "ann.lee". */
export function userNameFrom(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\s+/g, ".")
    .replace(/[^a-z0-9._=-]/g, "")
    .replace(/^[._]+|[._]+$/g, "");
}

/** "Chromium on Linux": what a person knows a device by. */
export function namedAfterBrowser(): string {
  const agent = navigator.userAgent;
  const browser = /Firefox|Edg|OPR|Chrome|Safari/.exec(agent)?.[0] ?? "Browser";
  const system = /Android|iPhone|iPad|Windows|Mac OS|CrOS|Linux/.exec(agent)?.[0] ?? "a device";
  return `${{ Edg: "Edge", OPR: "Opera" }[browser] ?? browser} on ${system}`;
}

function nextStep({ completed = [], flows, ...problem }: StepsLeft): string {
  if (problem.errcode) throw new Refused(problem.errcode, problem);
  const flow = flows.find(({ stages }) => stages.every((stage) => STEPS.includes(stage)));
  const step = flow?.stages.find((stage) => !completed.includes(stage));
  if (!step) throw new Refused("", { error: "This house wants something at sign-up that this page cannot do." });
  return step;
}

function loginOf(homeserver: string, answer: SignedIn): Login {
  return { homeserver, user: answer.user_id, device: answer.device_id, token: answer.access_token };
}

/** Ask with a JSON body. A step that is left to do is an answer; a refusal is thrown. */
async function post<Answer>(path: string, body: unknown): Promise<Answer> {
  const answer = await asked(path, { method: "POST", body: JSON.stringify(body) });
  const told = (await answer.json().catch(() => ({}))) as MatrixProblem;
  if (answer.ok || (answer.status === 401 && "flows" in told)) return told as Answer;
  throw new Refused(told.errcode ?? "", told);
}

async function asked(path: string, options: RequestInit = {}): Promise<Response> {
  return fetch(path, { signal: AbortSignal.timeout(20_000), ...options }).catch(() => {
    throw new NoAnswer();
  });
}
