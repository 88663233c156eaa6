/** Where in the chat one is, in the address: so that "back" goes back, and a reload stays. */

export type Screen = "list" | "room" | "new" | "settings";

class Route {
  #hash = $state(location.hash);
  readonly screen = $derived<Screen>(screenOf(this.#hash));
  /** The room that is shown. */
  readonly room = $derived(this.screen === "room" ? decodeURIComponent(this.#hash.slice(2)) : undefined);

  constructor() {
    addEventListener("popstate", () => (this.#hash = location.hash));
  }

  go(to: Exclude<Screen, "room" | "list"> | `!${string}`): void {
    const depth = this.#depth();
    history.pushState({ depth: depth + 1 }, "", `#/${encodeURIComponent(to)}`);
    this.#hash = location.hash;
  }

  /** Go on, without a way back to where one is. */
  become(to: `!${string}`): void {
    history.replaceState({ depth: this.#depth() }, "", `#/${encodeURIComponent(to)}`);
    this.#hash = location.hash;
  }

  back(): void {
    if (this.#depth() > 0) {
      history.back();
      return;
    }
    history.replaceState({ depth: 0 }, "", location.pathname);
    this.#hash = "";
  }

  #depth(): number {
    return (history.state as { depth?: number } | null)?.depth ?? 0;
  }
}

function screenOf(hash: string): Screen {
  if (hash === "#/new") return "new";
  if (hash === "#/settings") return "settings";
  return /^#\/(?:!|%21)/.test(hash) ? "room" : "list";
}

export const route = new Route();
