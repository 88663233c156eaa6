/** Finds people, and asks them in. */

import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import { nameFromId } from "./names";

export interface Person {
  user: string;
  name: string;
}

/** Find people by what they are called; somebody who is not listed, by the exact user name. */
export async function findPeople(client: MatrixClient, term: string): Promise<Person[]> {
  const me = client.getSafeUserId();
  const house = me.replace(/^[^:]*:/, "");
  const isWhole = term.startsWith("@") && term.includes(":");
  const exact = isWhole ? term : `@${term.replace(/^@/, "").toLowerCase()}:${house}`;
  const [listed, profile] = await Promise.all([
    client.searchUserDirectory({ term, limit: 20 }).catch(() => ({ results: [] })),
    client.getProfileInfo(exact).catch(() => undefined),
  ]);
  const found = new Map<string, Person>();
  if (profile) found.set(exact, { user: exact, name: profile.displayname ?? nameFromId(exact) });
  for (const { user_id: user, display_name: name } of listed.results) {
    found.set(user, { user, name: name ?? nameFromId(user) });
  }
  found.delete(me);
  return [...found.values()];
}
