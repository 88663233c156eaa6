/** The account of the messenger that is this person's, if they have one. */

import { isRefused } from "../lib/api";
import type { Session } from "./session.svelte";

export class MyMessenger {
  /** As the homeserver calls it; null without one. */
  account = $state<string | null>(null);

  constructor(session: Session) {
    void this.#look(session);
  }

  async #look(session: Session): Promise<void> {
    try {
      this.account = (await session.ask<{ account: string }>("/v1/me/messenger")).account;
    } catch (error) {
      if (!isRefused(error, "not-found")) throw error;
    }
  }
}
