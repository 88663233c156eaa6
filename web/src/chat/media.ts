/** Fetches pictures and voices, unlocks them, and keeps the newest at hand. */

import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import { unlock } from "./files";
import type { Filed } from "./lines";

const AT_HAND_MAX = 150;

export class MediaShelf {
  readonly #client: MatrixClient;
  readonly #links = new Map<string, Promise<string>>();

  constructor(client: MatrixClient) {
    this.#client = client;
  }

  /** Give a link that works in this page only. */
  link(file: Filed): Promise<string> {
    const made = this.#links.get(file.url) ?? this.#make(file);
    this.#links.delete(file.url); // to stand last, as the newest
    this.#links.set(file.url, made);
    made.catch(() => this.#links.delete(file.url));
    this.#tidy();
    return made;
  }

  close(): void {
    for (const link of this.#links.values()) void link.then((url) => URL.revokeObjectURL(url));
    this.#links.clear();
  }

  async #make({ url, locked, type }: Filed): Promise<string> {
    const address = this.#client.mxcUrlToHttp(url, undefined, undefined, undefined, false, true, true);
    if (!address) throw new Error("this file has no address");
    const token = this.#client.getAccessToken() ?? "";
    const answer = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error("this file is not there any more");
    const bytes = await answer.arrayBuffer();
    const plain = locked ? await unlock(bytes, locked) : bytes;
    return URL.createObjectURL(new Blob([plain], { type: shown(type) }));
  }

  #tidy(): void {
    const [oldest] = this.#links;
    if (this.#links.size <= AT_HAND_MAX || !oldest) return;
    this.#links.delete(oldest[0]);
    void oldest[1].then((url) => URL.revokeObjectURL(url), () => undefined);
  }
}

/** A type that the sender names is believed only where it cannot run as a page of this house. */
function shown(type: string): string {
  const isHarmless = /^(?:image\/(?:png|jpeg|gif|webp|avif)|(?:audio|video)\/[\w.+-]+)$/.test(type.split(";")[0] ?? "");
  return isHarmless ? type : "application/octet-stream";
}
