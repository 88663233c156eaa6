/** What the page knows of the house: the newest picture of traffic, the clock, and whether it answers. */

import { ask, LiveFeed, type About, type Live } from "./api";

const LIVE_EVERY_MS = 3_000;
const ABOUT_EVERY_MS = 30_000;
const AWAY_EVERY_MS_MAX = 30_000;

export class House {
  about = $state.raw<About>();
  live = $state.raw<Live>();
  /** Since when the house has not answered, on this device's clock. */
  awaySince = $state<Date>();
  /** The house's clock, running on between two answers. */
  now = $state<Date>();

  #feed = new LiveFeed();
  #failures = 0;
  #clockSet = { house: 0, here: 0, speed: 1 };
  #timer = 0;
  #askedAbout = -Infinity;

  /** Start asking; gives what stops it. */
  watch(): () => void {
    const tick = setInterval(() => this.#tick(), 1_000);
    const wake = () => {
      if (document.visibilityState === "visible") void this.#ask();
    };
    document.addEventListener("visibilitychange", wake);
    void this.#ask();
    return () => {
      clearInterval(tick);
      clearTimeout(this.#timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      if (this.awaySince || performance.now() - this.#askedAbout >= ABOUT_EVERY_MS) {
        this.#learn(await ask<About>("/v1/about", { cache: "no-store" }));
      }
      this.live = (await this.#feed.next()) ?? this.live;
      this.awaySince = undefined;
      this.#failures = 0;
    } catch {
      this.awaySince ??= new Date();
      this.#failures += 1;
    }
    clearTimeout(this.#timer);
    if (document.visibilityState === "visible") {
      const wait = Math.min(LIVE_EVERY_MS * 1.6 ** this.#failures, AWAY_EVERY_MS_MAX);
      this.#timer = setTimeout(() => void this.#ask(), wait);
    }
  }

  #learn(about: About): void {
    this.about = about;
    this.#askedAbout = performance.now();
    this.#clockSet = {
      house: Date.parse(about.clock.now),
      here: performance.now(),
      speed: about.clock.speed,
    };
    this.#tick();
  }

  #tick(): void {
    const { house, here, speed } = this.#clockSet;
    // A clock that runs on while the house is away would say what nobody knows.
    if (house && !this.awaySince) this.now = new Date(house + (performance.now() - here) * speed);
  }
}
