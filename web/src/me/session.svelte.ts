/** Whose data are shown: who is signed in, and how to ask in their name. */

import { ask, isRefused, withBody } from "../lib/api";
import { makePasskey, usePasskey } from "./passkey";
import type { Passkey, SignedIn } from "./wire";

export class Session {
  /** Null: nobody is signed in. Undefined: not known yet. */
  who = $state.raw<SignedIn | null>();
  /** Whether somebody was signed in, and is no more, without having said so. */
  hasEnded = $state(false);
  /** There while something waits for the person to show once more who they are. */
  stepUp = $state.raw<(isShown: boolean) => void>();

  async look(): Promise<void> {
    try {
      this.who = await this.ask<SignedIn>("/v1/me/session");
      this.hasEnded = false;
    } catch (error) {
      if (!isRefused(error, "no-token")) throw error;
    }
  }

  /** Ask in this person's name; a session that has ended leads back to the way in. */
  async ask<Answer>(path: string, options: RequestInit = {}): Promise<Answer> {
    try {
      return await ask<Answer>(path, { cache: "no-store", ...options });
    } catch (error) {
      if (isRefused(error, "no-token")) {
        this.hasEnded = Boolean(this.who);
        this.who = null;
      }
      throw error;
    }
  }

  /**
   * Do what only a person may do who was seen just now: where that is long ago, ask once more.
   * Gives nothing when the person thinks better of it.
   */
  async seen<Answer>(act: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!isRefused(error, "not-fresh")) throw error;
    }
    const isShown = await new Promise<boolean>((answer) => (this.stepUp = answer));
    this.stepUp = undefined;
    return isShown ? await act() : undefined;
  }

  async signInWith(token: string): Promise<void> {
    const headers = { authorization: `Bearer ${token.trim()}` };
    await ask("/v1/me/session", { method: "POST", headers });
    await this.look();
    if (!this.who) throw new Error("this browser keeps sign-ins only over https");
  }

  async signInByPasskey(): Promise<void> {
    const options = await ask<PublicKeyCredentialRequestOptionsJSON>(
      "/v1/me/session/passkey/options",
      { method: "POST" },
    );
    const credential = await usePasskey(options);
    await ask("/v1/me/session/passkey", withBody("POST", { credential }));
    await this.look();
  }

  /** Gives whether one was added. */
  async addPasskey(name: string): Promise<boolean> {
    const added = await this.seen(async () => {
      const options = await this.ask<PublicKeyCredentialCreationOptionsJSON>(
        "/v1/me/passkeys/options",
        { method: "POST" },
      );
      const credential = await makePasskey(options);
      return this.ask<Passkey>("/v1/me/passkeys", withBody("POST", { name, credential }));
    });
    await this.look();
    return added !== undefined;
  }

  async signOut({ isEverywhere }: { isEverywhere: boolean }): Promise<void> {
    const path = `/v1/me/session${isEverywhere ? "?everywhere=yes" : ""}`;
    await this.ask(path, { method: "DELETE" });
    this.who = null;
    this.hasEnded = false;
  }
}
