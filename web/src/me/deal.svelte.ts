/** The deal of who is signed in: what is on, and how to change it. */

import { withBody } from "../lib/api";
import { Attempt } from "../lib/attempt.svelte";
import { byPurpose, idOf, named, type Cell } from "../lib/cells";
import type { Session } from "./session.svelte";
import type { Conflict, Deal } from "./wire";

const OFF = "Off, from the next read on.";

export class MyDeal {
  now = $state.raw<Deal>();
  /** The last switch that was turned, and the last pause. */
  readonly change = new Attempt();
  readonly pausing = new Attempt();

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
    this.now = await this.#session.ask<Deal>("/v1/me/deal");
  }

  /** What said no to a cell that its person had said yes to. */
  conflictsOf(cell: Cell): Conflict[] {
    const id = idOf(cell);
    return (
      this.now?.conflicts.filter((each) => each.cells.some((closed) => idOf(closed) === id)) ?? []
    );
  }

  turn(cell: Cell, on: boolean): Promise<void> {
    return this.#attempt(this.change, async () => {
      await this.#put("/v1/me/deal/cell", withBody("PUT", { ...named(cell), on }));
      if (!on) return OFF;
      const isOn = this.now?.cells.some((each) => each.on && idOf(each) === idOf(cell));
      return isOn ? "On, for what is sent from now on." : "It stays off: a signal said no, and the no holds.";
    });
  }

  turnAllOff(): Promise<void> {
    return this.#attempt(this.change, async () => {
      await this.#put("/v1/me/deal", { method: "DELETE" });
      return "All of it is off, from the next read on.";
    });
  }

  /** Switch off all that is read for one purpose, in one step: one click, one receipt. */
  turnPurposeOff(purpose: string): Promise<void> {
    return this.#attempt(this.change, async () => {
      const path = `/v1/deal/enrolments/current?purposes=${encodeURIComponent(purpose)}`;
      await this.#session.ask(path, { method: "DELETE" });
      await this.look();
      return OFF;
    });
  }

  pause(paused: boolean): Promise<void> {
    return this.#attempt(this.pausing, async () => {
      await this.#put("/v1/me/deal/pause", withBody("PUT", { paused }));
      return paused
        ? "Paused: nothing of yours is read, nothing new is kept, nothing is deleted."
        : "Going on, with the switches as they were.";
    });
  }

  /** Show no more what this notice says otherwise. */
  dismissChanges(): Promise<void> {
    const version = this.now?.notice.version;
    return this.#attempt(this.change, async () => {
      await this.#put("/v1/me/deal/dismissed", withBody("PUT", { version }));
      return "Put away. Nothing was switched on.";
    });
  }

  async #put(path: string, options: RequestInit): Promise<void> {
    this.now = await this.#session.ask<Deal>(path, options);
  }

  /** One change after another: each answer is the whole deal, and the last one is right. */
  #attempt(attempt: Attempt, act: () => Promise<string>): Promise<void> {
    this.#last = this.#last.then(() => attempt.at(act));
    return this.#last;
  }
}
