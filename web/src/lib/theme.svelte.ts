/** Light or dark: as the device says, until the person says otherwise. */

export type Theme = "light" | "dark";

const KEY = "hubbub-theme";
const device = matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme | null {
  const said = localStorage.getItem(KEY);
  return said === "light" || said === "dark" ? said : null;
}

class ThemeChoice {
  #said = $state(stored());
  #device = $state<Theme>(device.matches ? "dark" : "light");
  readonly now = $derived(this.#said ?? this.#device);

  constructor() {
    this.#show();
    device.addEventListener("change", (event) => {
      this.#device = event.matches ? "dark" : "light";
      this.#show();
    });
  }

  toggle(): void {
    this.#said = this.now === "light" ? "dark" : "light";
    localStorage.setItem(KEY, this.#said);
    this.#show();
  }

  /** A style sheet reads it there. */
  #show(): void {
    document.documentElement.dataset["theme"] = this.now;
  }
}

export const theme = new ThemeChoice();
