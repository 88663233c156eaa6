/** What is looked for, kept in the page's address, and what was found. */

import { ask } from "../lib/api";
import { CATEGORY_NAMES, type Category } from "./categories";
import type { PlacesFound } from "./wire";

/** Percent of a place's busiest hour: up to here it is called quiet. */
export const QUIET_PERCENT = 40;
const TYPING_MS = 180;
const SHOWN_MAX = 60;

/** The place that the page's address opens. */
export function placeTold(): string | undefined {
  return new URLSearchParams(location.search).get("place") ?? undefined;
}

export class PlaceSearch {
  text = $state("");
  category = $state<Category>();
  isOpenNow = $state(false);
  isQuiet = $state(false);
  found = $state.raw<PlacesFound>();
  error = $state.raw<unknown>();
  isAsking = $state(false);
  readonly isAsked = $derived(Boolean(this.text.trim() || this.category || this.isOpenNow || this.isQuiet));

  #timer = 0;
  #asked = 0;
  #isFirst = true;
  /** Nearest to here come first; nothing: in the order of their names. */
  #near: () => [lon: number, lat: number] | undefined;

  constructor(near: () => [lon: number, lat: number] | undefined = () => undefined) {
    this.#near = near;
    this.read();
  }

  /** Take over what the address says. */
  read(): void {
    const told = new URLSearchParams(location.search);
    this.text = told.get("q") ?? "";
    this.category = CATEGORY_NAMES.find((name) => name === told.get("category"));
    this.isOpenNow = told.get("open") === "now";
    this.isQuiet = told.get("quiet") === "yes";
  }

  clear(): void {
    this.text = "";
    this.category = undefined;
    this.isOpenNow = this.isQuiet = false;
  }

  /** Ask soon for what is looked for now: whoever types is not asked about each letter. */
  ask(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.now(), this.#isFirst ? 0 : TYPING_MS);
    this.#isFirst = false;
  }

  async now(): Promise<void> {
    const number = (this.#asked += 1);
    this.isAsking = true;
    try {
      const found = await ask<PlacesFound>(`/v1/places?${this.#parameters()}`);
      if (number !== this.#asked) return;
      this.found = found;
      this.error = undefined;
    } catch (error) {
      if (number === this.#asked) this.error = error;
    } finally {
      if (number === this.#asked) this.isAsking = false;
    }
  }

  /** The address of what is looked for on a page, to be kept or shared, with the place that is open. */
  address(page: string, place: string | undefined): string {
    const told = new URLSearchParams();
    if (this.text.trim()) told.set("q", this.text.trim());
    if (this.category) told.set("category", this.category);
    if (this.isOpenNow) told.set("open", "now");
    if (this.isQuiet) told.set("quiet", "yes");
    if (place) told.set("place", place);
    const query = told.toString();
    return query ? `${page}?${query}` : page;
  }

  #parameters(): URLSearchParams {
    const asked = new URLSearchParams({ limit: String(SHOWN_MAX) });
    if (this.text.trim()) asked.set("q", this.text.trim().slice(0, 100));
    if (this.category) asked.set("category", this.category);
    if (this.isOpenNow || !this.isAsked) asked.set("open_at", "now");
    if (this.isQuiet) asked.set("quieter_than", String(QUIET_PERCENT));
    // Who types a name wants that name first, and not what is around.
    const near = this.text.trim() ? undefined : this.#near();
    if (near) asked.set("near", `${near[1].toFixed(4)},${near[0].toFixed(4)}`);
    return asked;
  }
}
