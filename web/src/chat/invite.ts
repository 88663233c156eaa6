/** An invite link: what it carries, and how a person comes to one. */

import { ask, withBody } from "../lib/api";
import type { Login } from "./homeserver";
import { proof } from "./proof";

export interface Invite {
  /** Opens the sign-up; empty where there is nothing to open. */
  token: string;
  /** Who invites. */
  by: string;
}

/** How long an invite link opens the door, and for how many. */
export const INVITE = { uses: 1, days: 7 } as const;

/** Take the invite out of the address: it is no part of where one is. It stands behind the `#`, so no server has read it. */
export function takeInvite(): Invite | undefined {
  const said = new URLSearchParams(location.hash.slice(1));
  const invite = { token: said.get("invite") ?? "", by: said.get("by") ?? "" };
  if (!invite.token && !invite.by) return undefined;
  history.replaceState(null, "", location.pathname);
  return invite;
}

/** Make a link by which somebody new comes in, and finds who invited. */
export async function makeInvite(login: Login): Promise<string> {
  const made = await ask<{ link: string }>("/v1/messenger/invites", {
    ...withBody("POST", INVITE),
    headers: { authorization: `Bearer ${await proof(login)}`, "content-type": "application/json" },
  });
  return made.link;
}
