/** What is on its way out: kept until the homeserver has it, in order, over reloads and without a net. */

import {
  ConnectionError,
  EventType,
  MatrixError,
  type ISendEventResponse,
  type MatrixClient,
  type MatrixEvent,
} from "matrix-js-sdk/lib/matrix";
import type { RoomMessageEventContent } from "matrix-js-sdk/lib/@types/events";
import { lock, type LockedFile } from "./files";
import { Kept } from "./kept";
import type { MessageContent } from "./lines";

export interface Enclosed {
  full: Blob;
  small?: Blob;
}

export interface Parcel {
  /** Names it for the homeserver, which takes the same one once only. */
  txn: string;
  room: string;
  at: number;
  content: MessageContent;
  enclosed?: Enclosed;
  /** Why the homeserver will not have it. */
  refusal?: string;
}

const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 30_000;

export class Outbox {
  parcels = $state.raw<Parcel[]>([]);

  readonly #client: MatrixClient;
  readonly #onchange: () => void;
  readonly #kept: Kept<Parcel>;
  readonly #busyRooms = new Set<string>();
  #wake = new AbortController();
  #isOpen = true;

  constructor(client: MatrixClient, { name, onchange }: { name: string; onchange: () => void }) {
    this.#client = client;
    this.#onchange = onchange;
    this.#kept = new Kept(name);
  }

  /** Send what an earlier page left behind. */
  async open(): Promise<void> {
    const left = await this.#kept.all();
    this.#hold([...left.sort((a, b) => a.at - b.at), ...this.parcels]);
    for (const { room } of left) void this.#work(room);
  }

  /** Send nothing any more, and forget what waits. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#wake.abort();
    await this.#kept.takeDown();
  }

  async send(room: string, content: MessageContent, enclosed?: Enclosed): Promise<void> {
    const parcel: Parcel = {
      txn: crypto.randomUUID(),
      room,
      at: Date.now(),
      content,
      ...(enclosed && { enclosed }),
    };
    this.#hold([...this.parcels, parcel]);
    await this.#kept.put(parcel.txn, parcel);
    void this.#work(room);
  }

  /** The net is back: do not wait any longer. */
  hurry(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  retry(txn: string): void {
    const parcel = this.parcels.find((each) => each.txn === txn);
    if (!parcel) return;
    const { refusal: _, ...again } = parcel;
    void this.#become(again).then(() => this.#work(parcel.room));
  }

  async drop(txn: string): Promise<void> {
    const event = this.#echo(txn);
    if (event) this.#client.cancelPendingEvent(event);
    await this.#kept.drop(txn);
    this.#hold(this.parcels.filter((each) => each.txn !== txn));
  }

  /** It has come back as an event: that is shown from now on. */
  arrived(txn: string): void {
    if (this.parcels.some((each) => each.txn === txn)) {
      this.parcels = this.parcels.filter((each) => each.txn !== txn);
    }
  }

  async #work(room: string): Promise<void> {
    if (this.#busyRooms.has(room)) return;
    this.#busyRooms.add(room);
    const done = new Set<string>();
    try {
      for (let next = this.#next(room, done); next; next = this.#next(room, done)) {
        await this.#deliver(next);
        done.add(next.txn);
      }
    } finally {
      this.#busyRooms.delete(room);
    }
  }

  #next(room: string, done: Set<string>): Parcel | undefined {
    if (!this.#isOpen) return undefined;
    return this.parcels.find((each) => each.room === room && !each.refusal && !done.has(each.txn));
  }

  /** Try until the homeserver says yes or no. */
  async #deliver(parcel: Parcel): Promise<void> {
    let packed: Parcel | undefined; // once is enough, however often it has to be posted
    for (let wait_ms = WAIT_MS_MIN; this.#isOpen; wait_ms = Math.min(wait_ms * 2, WAIT_MS_MAX)) {
      try {
        packed ??= await this.#packed(parcel);
        await this.#post(packed);
        await this.#kept.drop(parcel.txn);
        return;
      } catch (error) {
        if (!this.parcels.some((each) => each.txn === parcel.txn)) return; // thrown away meanwhile
        if (!passes(error)) {
          await this.#become({ ...parcel, refusal: refusalWords(error) });
          return;
        }
        await this.#pause(Math.max(wait_ms, asksToWait_ms(error)));
      }
    }
  }

  /** Upload what is enclosed, locked where the room is. */
  async #packed(parcel: Parcel): Promise<Parcel> {
    if (!parcel.enclosed) return parcel;
    const isLocked = this.#client.getRoom(parcel.room)?.hasEncryptionStateEvent() ?? true;
    const { full, small } = parcel.enclosed;
    const whole = await this.#upload(full, isLocked);
    const content = { ...parcel.content, ...(typeof whole === "string" ? { url: whole } : { file: whole }) };
    if (!small) return { ...parcel, content };
    const less = await this.#upload(small, isLocked);
    const named = typeof less === "string" ? { thumbnail_url: less } : { thumbnail_file: less };
    return { ...parcel, content: { ...content, info: { ...content.info, ...named } } };
  }

  async #upload(blob: Blob, isLocked: boolean): Promise<string | LockedFile> {
    const { locked, file } = isLocked ? await lock(blob) : { locked: blob, file: undefined };
    const options = { includeFilename: false, type: locked.type };
    const { content_uri } = await this.#client.uploadContent(locked, options);
    return file ? { ...file, url: content_uri } : content_uri;
  }

  async #post({ room, txn, content }: Parcel): Promise<ISendEventResponse> {
    const echo = this.#echo(txn);
    const roomNow = this.#client.getRoom(room);
    if (echo && roomNow) return this.#client.resendEvent(echo, roomNow);
    const typed = content as unknown as RoomMessageEventContent;
    return this.#client.sendEvent(room, EventType.RoomMessage, typed, txn);
  }

  #echo(txn: string): MatrixEvent | undefined {
    const room = this.parcels.find((each) => each.txn === txn)?.room ?? "";
    return this.#client.getRoom(room)?.getPendingEvents().find((event) => event.getTxnId() === txn);
  }

  #hold(parcels: Parcel[]): void {
    this.parcels = parcels;
    this.#onchange();
  }

  async #become(parcel: Parcel): Promise<void> {
    this.#hold(this.parcels.map((each) => (each.txn === parcel.txn ? parcel : each)));
    await this.#kept.put(parcel.txn, parcel);
  }

  #pause(wait_ms: number): Promise<void> {
    const { signal } = this.#wake;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait_ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** Tell whether trying again may help. */
function passes(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  if (!(error instanceof MatrixError)) return false;
  return error.httpStatus === 429 || (error.httpStatus ?? 500) >= 500;
}

function asksToWait_ms(error: unknown): number {
  return error instanceof MatrixError ? Number(error.data["retry_after_ms"] ?? 0) : 0;
}

function refusalWords(error: unknown): string {
  if (!(error instanceof MatrixError)) return "This could not be locked, so it was not sent.";
  if (error.errcode === "M_TOO_LARGE") return "This is too large for the house.";
  if (error.errcode === "M_FORBIDDEN") return "You are not in this chat any more.";
  return "The house refused this.";
}
