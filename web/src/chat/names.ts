/** Names of people, as Matrix writes them and as people read them. */

/** "@ann:example.org" is "ann" until more is known. */
export function nameFromId(user: string): string {
  return user.replace(/^@/, "").replace(/:.*$/, "");
}
