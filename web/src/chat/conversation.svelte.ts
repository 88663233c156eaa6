/** One open room: its lines, who types, and what can be done in it. */

import {
  Direction,
  EventType,
  KnownMembership,
  MsgType,
  ReceiptType,
  RelationType,
  type MatrixClient,
  type MatrixEvent,
  type Room,
} from "matrix-js-sdk/lib/matrix";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend";
import { peerOf } from "./direct";
import { lineOf, messageBody, nameIn, quoteOf, WAVE_MAX, type Line, type MessageContent, type Scene } from "./lines";
import type { Enclosed, Outbox, Parcel } from "./outbox.svelte";
import { readyPicture } from "./pictures";
import type { Recording } from "./recorder.svelte";

const SHOWN_AT_FIRST = 80;
const SHOWN_MORE = 80;
const REACH_MAX = 40;
const TYPING_MS = 20_000;
const RETRY_MS_MIN = 4_000;
const RETRY_MS_MAX = 120_000;

export interface Member {
  user: string;
  name: string;
  isInvited: boolean;
}

export class Conversation {
  lines = $state.raw<Line[]>([]);
  typing = $state.raw<string[]>([]);
  /** Whether there is more before the first line. */
  hasEarlier = $state(true);
  isLoading = $state(false);
  /** The first line that was new when this was opened. */
  firstNew = $state<string>();
  members = $state.raw<Member[]>([]);
  /** The message to be led to. */
  target = $state<string>();
  answering = $state.raw<Line>();
  editing = $state.raw<Line>();

  readonly id: string;
  readonly #client: MatrixClient;
  readonly #outbox: Outbox;
  readonly #me: string;
  #shown = SHOWN_AT_FIRST;
  #known = new Map<string, { as: string; line: Line }>();
  #typedAt = 0;
  #retrying = 0;
  #retry_ms = RETRY_MS_MIN;

  constructor(client: MatrixClient, outbox: Outbox, room: Room) {
    this.#client = client;
    this.#outbox = outbox;
    this.#me = client.getSafeUserId();
    this.id = room.roomId;
    void room.loadMembersIfNeeded().then(() => this.refresh());
    this.refresh();
    this.firstNew = this.#firstAfter(room.getEventReadUpTo(this.#me));
  }

  get room(): Room | null {
    return this.#client.getRoom(this.id);
  }

  /** Look again at what there is to show. A line that is as it was stays the very same. */
  refresh(): void {
    const room = this.room;
    if (!room) return;
    const scene = { room, me: this.#me, isDirect: peerOf(this.#client, room) !== undefined };
    const events = room.getLiveTimeline().getEvents();
    const read = readUpTo(events, room, this.#me);
    const lines: Line[] = [];
    for (let at = events.length - 1; at >= 0 && lines.length < this.#shown; at -= 1) {
      const event = events[at];
      const line = event && lineOf(event, scene);
      if (line) lines.push(at <= read ? { ...line, way: "read" } : line);
    }
    const hasHidden = lines.length >= this.#shown;
    const arrived = new Set(lines.map(({ key }) => key));
    const waiting = this.#outbox.parcels
      .filter((parcel) => parcel.room === this.id && !arrived.has(parcel.txn))
      .flatMap((parcel) => waitingLine(parcel, scene) ?? []);
    this.lines = this.#settled([...lines.reverse(), ...waiting]);
    this.hasEarlier = hasHidden || Boolean(room.getLiveTimeline().getPaginationToken(Direction.Backward));
    if (lines.some(({ body }) => body.kind === "sealed")) this.#retrySoon();
    this.members = membersOf(room);
    this.typing = room
      .getMembers()
      .filter(({ typing, userId }) => typing && userId !== this.#me)
      .map(({ userId }) => nameIn(room, userId));
  }

  /** Show what was before. */
  async earlier(): Promise<void> {
    const room = this.room;
    if (!room || this.isLoading || !this.hasEarlier) return;
    this.isLoading = true;
    try {
      this.#shown += SHOWN_MORE;
      if (room.getLiveTimeline().getEvents().length < this.#shown) {
        await this.#client.scrollback(room, SHOWN_MORE);
      }
      this.refresh();
    } finally {
      this.isLoading = false;
    }
  }

  /** Show a message, however far back it is. */
  async reach(id: string): Promise<void> {
    for (let tries = 0; tries < REACH_MAX; tries += 1) {
      const events = this.room?.getLiveTimeline().getEvents() ?? [];
      const place = events.findIndex((event) => event.getId() === id);
      if (place >= 0) {
        this.#shown = Math.max(this.#shown, events.length - place + SHOWN_MORE / 2);
        this.refresh();
        this.target = id;
        return;
      }
      if (!this.hasEarlier) return;
      await this.earlier();
    }
  }

  /** Tell the others that everything here was read. */
  async markRead(): Promise<void> {
    const { room } = this;
    const last = room?.getLiveTimeline().getEvents().at(-1);
    if (!last || room?.getMyMembership() !== KnownMembership.Join) return;
    if (last.getId() === room.getEventReadUpTo(this.#me)) return;
    await this.#client.sendReadReceipt(last, ReceiptType.Read, true).catch(() => undefined);
  }

  /** Tell the others that something is being typed, or is not any more. */
  typed(isTyping: boolean): void {
    const now = Date.now();
    if (!isTyping && this.#typedAt === 0) return; // nobody was told
    if (isTyping && now - this.#typedAt < TYPING_MS / 4) return;
    this.#typedAt = isTyping ? now : 0;
    this.#client.sendTyping(this.id, isTyping, TYPING_MS).catch(() => undefined);
  }

  /** Send text: as an answer, or in place of what is being changed. */
  async say(text: string): Promise<void> {
    const { editing, answering } = this;
    this.editing = this.answering = undefined;
    this.typed(false);
    const plain = { msgtype: MsgType.Text, body: text };
    if (!editing) return this.#send({ ...plain, ...answerTo(answering) });
    await this.#send({
      msgtype: MsgType.Text,
      body: `* ${text}`,
      "m.new_content": plain,
      "m.relates_to": { rel_type: RelationType.Replace, event_id: editing.id },
    });
  }

  /** Send a picture, or whatever file it is. */
  async enclose(file: File, caption = ""): Promise<void> {
    const { answering } = this;
    this.answering = undefined;
    const picture = file.type.startsWith("image/") ? await readyPicture(file) : undefined;
    const blob = picture?.full ?? file;
    const info = {
      mimetype: blob.type || "application/octet-stream",
      size: blob.size,
      ...(picture && {
        w: picture.width,
        h: picture.height,
        thumbnail_info: { mimetype: picture.small.type, size: picture.small.size },
      }),
    };
    await this.#send(
      {
        msgtype: picture ? MsgType.Image : MsgType.File,
        body: caption || file.name,
        filename: file.name,
        info,
        ...answerTo(answering),
      },
      { full: blob, ...(picture && { small: picture.small }) },
    );
  }

  /** Send a voice message. */
  async speak({ blob, seconds, wave }: Recording): Promise<void> {
    const { answering } = this;
    this.answering = undefined;
    const duration = Math.round(seconds * 1_000);
    await this.#send(
      {
        msgtype: MsgType.Audio,
        body: "Voice message",
        info: { mimetype: blob.type, size: blob.size, duration },
        "org.matrix.msc3245.voice": {},
        "org.matrix.msc1767.audio": { duration, waveform: wave.map((loudness) => Math.round(loudness * WAVE_MAX)) },
        ...answerTo(answering),
      },
      { full: blob },
    );
  }

  answer(line: Line): void {
    this.editing = undefined;
    this.answering = line;
  }

  change(line: Line): void {
    this.answering = undefined;
    this.editing = line;
  }

  /** Neither answer nor change. */
  putAway(): void {
    this.answering = this.editing = undefined;
  }

  async react(line: Line, sign: string): Promise<void> {
    const mine = line.reactions.find((each) => each.sign === sign)?.mine;
    if (mine) {
      await this.#client.redactEvent(this.id, mine);
      return;
    }
    await this.#client.sendEvent(this.id, EventType.Reaction, {
      "m.relates_to": { rel_type: RelationType.Annotation, event_id: line.id, key: sign },
    });
  }

  /** Delete for everybody what was sent, and for oneself what was not. */
  async remove(line: Line): Promise<void> {
    if (line.id === line.key && !line.id.startsWith("$")) await this.#outbox.drop(line.key);
    else await this.#client.redactEvent(this.id, line.id);
  }

  /** The room is not looked at any more. */
  close(): void {
    this.typed(false);
    clearTimeout(this.#retrying);
  }

  /** A key may come a little later than what it opens: from a sender, or by way of the backup. */
  #retrySoon(): void {
    if (this.#retrying) return;
    this.#retrying = window.setTimeout(() => {
      this.#retrying = 0;
      this.#retry_ms = Math.min(this.#retry_ms * 2, RETRY_MS_MAX);
      const backend = this.#client.getCrypto() as CryptoBackend | undefined;
      const events = this.room?.getLiveTimeline().getEvents() ?? [];
      for (const event of events.slice(-this.#shown)) {
        if (backend && event.isDecryptionFailure()) void event.attemptDecryption(backend, { isRetry: true });
      }
      this.refresh();
    }, this.#retry_ms);
  }

  #firstAfter(event: string | null): string | undefined {
    const read = event ? this.room?.findEventById(event) : undefined;
    if (!read) return undefined;
    return this.lines.find(({ at, isMine, body }) => at > read.getTs() && !isMine && body.kind !== "note")?.key;
  }

  #send(content: MessageContent, enclosed?: Enclosed): Promise<void> {
    return this.#outbox.send(this.id, content, enclosed);
  }

  #settled(lines: Line[]): Line[] {
    const settled = new Map<string, { as: string; line: Line }>();
    for (const line of lines) {
      const as = JSON.stringify(line);
      const known = this.#known.get(line.key);
      settled.set(line.key, known?.as === as ? known : { as, line });
    }
    this.#known = settled;
    return [...settled.values()].map(({ line }) => line);
  }
}

function membersOf(room: Room): Member[] {
  return room
    .getMembers()
    .filter(({ membership }) => membership === KnownMembership.Join || membership === KnownMembership.Invite)
    .map(({ userId, membership }) => ({
      user: userId,
      name: nameIn(room, userId),
      isInvited: membership === KnownMembership.Invite,
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Give the place of the last event that everybody else has read; what is before it was read, too. */
function readUpTo(events: MatrixEvent[], room: Room, me: string): number {
  const others = room.getJoinedMembers().filter(({ userId }) => userId !== me);
  if (others.length === 0) return -1;
  const places = new Map(events.map((event, place) => [event.getId(), place]));
  const read = others.map(({ userId }) => places.get(room.getEventReadUpTo(userId) ?? undefined) ?? -1);
  return Math.min(...read);
}

function answerTo(line: Line | undefined): MessageContent {
  return line ? { "m.relates_to": { "m.in_reply_to": { event_id: line.id } } } : {};
}

/** What is on its way looks as it will when it is there. A change shows at what it changes. */
function waitingLine(parcel: Parcel, scene: Scene): Line | undefined {
  const { room, me } = scene;
  const { content, enclosed, refusal, txn } = parcel;
  const relation = content["m.relates_to"];
  if (relation?.rel_type) return undefined;
  const quote = quoteOf(relation?.["m.in_reply_to"]?.event_id, scene);
  return {
    key: txn,
    id: txn,
    sender: me,
    name: nameIn(room, me),
    isMine: true,
    at: parcel.at,
    body: messageBody(content, enclosed?.small ?? enclosed?.full),
    isEdited: false,
    ...(quote && { quote }),
    reactions: [],
    way: refusal ? "failed" : "waiting",
    ...(refusal && { why: refusal }),
  };
}
