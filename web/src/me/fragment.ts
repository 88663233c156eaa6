/** Secrets in links come behind the #: a browser never sends that part to anybody. */
export function fragment(name: string): string {
  return new URLSearchParams(location.hash.slice(1)).get(name) ?? "";
}
