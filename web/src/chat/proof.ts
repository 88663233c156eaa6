/** How the house is shown who is signed in here: never by what opens their messages. */

import { ask, isRefused, withBody } from "../lib/api";
import type { House, Login } from "./homeserver";

/** Get a token that is good once, for a minute, and for this house. */
export async function proof({ homeserver, token }: Login): Promise<string> {
  const { audience } = await ask<House>("/v1/messenger", { cache: "no-store" });
  const shown = await ask<{ token: string }>(`${homeserver}/_synapse/client/hubbub/session`, {
    ...withBody("POST", { audience }),
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
  });
  return shown.token;
}

/** Sign this browser in to My data by this account, unless somebody is in by their phone or a passkey. */
export async function signInToMyData(login: Login): Promise<void> {
  try {
    const who = await ask<{ by: string }>("/v1/me/session", { cache: "no-store" });
    if (who.by !== "messenger") return;
  } catch (error) {
    if (!isRefused(error, "no-token")) throw error;
  }
  await ask("/v1/me/session/messenger", withBody("POST", { token: await proof(login) }));
}
