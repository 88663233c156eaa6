/** The deal of who is signed in: what is on, and how to change it. */

import { withBody } from "../lib/api";
import { Attempt } from "../lib/attempt.svelte";
import { byPurpose, named, type Cell } from "../lib/cells";
import { CATEGORY_WORDS } from "../lib/notice";
import type { Session } from "./session.svelte";
import type { Deal } from "./wire";

const OFF = "Off, from the next read on.";

export class MyDeal {
  now = $state.raw<Deal>();
  /** The last change that was asked for. */
  readonly change = new Attempt();

  /** What purposes and categories are called, by their keys. */
  readonly titles = $derived(
    new Map(
      this.now?.cells.flatMap((cell) => [
        [cell.purpose, cell.title],
        [cell.category, cell.category_title],
      ]),
    ),
  );
  readonly uses = $derived(byPurpose(this.now?.cells ?? []));
  readonly isOn = $derived(this.now?.cells.some((cell) => cell.on) ?? false);

  #session: Session;
  #last = Promise.resolve();

  constructor(session: Session) {
    this.#session = session;
  }

  async look(): Promise<void> {
    this.now = told(await this.#session.ask<Deal>("/v1/me/deal"));
  }

  turn(cell: Cell, on: boolean): Promise<void> {
    const options = withBody("PUT", { ...named(cell), on });
    const effect = on ? "On, for what is sent from now on." : OFF;
    return this.#change("/v1/me/deal/cell", options, effect);
  }

  turnAllOff(): Promise<void> {
    return this.#change("/v1/me/deal", { method: "DELETE" }, "All of it is off, from the next read on.");
  }

  /** Switch off all that is read for one purpose, in one step: one click, one receipt. */
  turnPurposeOff(purpose: string): Promise<void> {
    return this.#attempt(async () => {
      const path = `/v1/deal/enrolments/current?purposes=${encodeURIComponent(purpose)}`;
      await this.#session.ask(path, { method: "DELETE" });
      await this.look();
      return OFF;
    });
  }

  #change(path: string, options: RequestInit, effect: string): Promise<void> {
    return this.#attempt(async () => {
      this.now = told(await this.#session.ask<Deal>(path, options));
      return effect;
    });
  }

  /** One change after another: each answer is the whole deal, and the last one is right. */
  #attempt(act: () => Promise<string>): Promise<void> {
    this.#last = this.#last.then(() => this.change.at(act));
    return this.#last;
  }
}

function told(deal: Deal): Deal {
  const cells = deal.cells.map((cell) => ({
    ...cell,
    category_title: CATEGORY_WORDS[cell.category] ?? cell.category,
  }));
  return { ...deal, cells };
}
