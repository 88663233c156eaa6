/** What an event is in a conversation: a line that can be shown, or nothing. */

import { DecryptionFailureCode } from "matrix-js-sdk/lib/crypto-api";
import { EventType, MsgType, RelationType, type MatrixEvent, type Room } from "matrix-js-sdk/lib/matrix";
import { callWords } from "./calls/notes";
import type { LockedFile } from "./files";
import { nameFromId } from "./names";

/** A file as a message names it: where it lies, and its key where it is locked. */
export interface Filed {
  url: string;
  locked?: LockedFile;
  type: string;
}

export interface Media {
  name: string;
  size: number;
  full: Filed;
  small?: Filed;
  width?: number;
  height?: number;
  seconds?: number;
  /** Loudness over time, 0 to 1. */
  wave?: number[];
  /** Still here, on its way out. */
  local?: Blob;
}

export type Body =
  | { kind: "text"; text: string }
  | { kind: "picture"; media: Media; text: string }
  | { kind: "voice"; media: Media }
  | { kind: "file"; media: Media }
  | { kind: "deleted" }
  | { kind: "sealed"; why: string }
  | { kind: "note"; text: string; isCall?: true };

export interface Reaction {
  sign: string;
  names: string[];
  /** The own reaction, to take it back. */
  mine?: string;
}

export interface Quote {
  id: string;
  name: string;
  words: string;
}

/** How far an own message came. */
export type Way = "waiting" | "failed" | "sent" | "read";

export interface Line {
  /** Stays the same while a message goes from waiting to sent. */
  key: string;
  id: string;
  sender: string;
  name: string;
  isMine: boolean;
  at: number;
  body: Body;
  isEdited: boolean;
  quote?: Quote;
  reactions: Reaction[];
  way: Way;
  why?: string;
}

const SEALED: Partial<Record<DecryptionFailureCode, string>> = {
  [DecryptionFailureCode.HISTORICAL_MESSAGE_NO_KEY_BACKUP]: "Sent before this device was there, and no backup has its key.",
  [DecryptionFailureCode.HISTORICAL_MESSAGE_BACKUP_UNCONFIGURED]: "Confirm this device to read what was sent before.",
  [DecryptionFailureCode.HISTORICAL_MESSAGE_USER_NOT_JOINED]: "Sent before you came.",
};
const WAITING_FOR_KEY = "Waiting for the key of this message.";

/** Where something was said, and who looks at it. */
export interface Scene {
  room: Room;
  me: string;
  isDirect: boolean;
}

export function lineOf(event: MatrixEvent, scene: Scene): Line | undefined {
  const { room, me } = scene;
  const body = bodyOf(event, scene);
  const id = event.getId();
  if (!body || !id) return undefined;
  const sender = event.getSender() ?? "";
  const quote = event.isRedacted() ? undefined : quoteOf(event.replyEventId, scene);
  return {
    key: event.getTxnId() ?? id,
    id,
    sender,
    name: nameIn(room, sender),
    isMine: sender === me,
    at: event.getTs(),
    body,
    isEdited: Boolean(event.replacingEvent()) && !event.isRedacted(),
    ...(quote && { quote }),
    reactions: event.isRedacted() ? [] : reactionsTo(id, scene),
    way: "sent",
  };
}

/** What an event says, in one line without its frame: for lists, quotes and notifications. */
export function wordsOf(event: MatrixEvent, scene: Scene): string | undefined {
  const body = bodyOf(event, scene);
  return body && bodyWords(body);
}

export function bodyWords(body: Body): string {
  switch (body.kind) {
    case "text":
    case "note":
      return body.text;
    case "picture":
      return body.text ? `Picture: ${body.text}` : "Picture";
    case "voice":
      return "Voice message";
    case "file":
      return body.media.name;
    case "deleted":
      return "Deleted message";
    case "sealed":
      return "Locked message";
  }
}

export function nameIn(room: Room, user: string): string {
  const name = room.getMember(user)?.rawDisplayName;
  return name && name !== user ? name : nameFromId(user);
}

function bodyOf(event: MatrixEvent, scene: Scene): Body | undefined {
  if (event.isState()) {
    const text = noteWords(event, scene);
    return text ? { kind: "note", text } : undefined;
  }
  const type = event.getType();
  if (type === EventType.CallInvite) return { kind: "note", text: callWords(event, scene.room, scene.me), isCall: true };
  const isMessage = type === EventType.RoomMessage || type === EventType.RoomMessageEncrypted;
  if (!isMessage || event.isRelation(RelationType.Replace)) return undefined;
  if (event.isRedacted()) return { kind: "deleted" };
  if (event.isDecryptionFailure()) {
    const code = event.decryptionFailureReason;
    return { kind: "sealed", why: (code && SEALED[code]) ?? WAITING_FOR_KEY };
  }
  if (type === EventType.RoomMessageEncrypted) return { kind: "sealed", why: WAITING_FOR_KEY };
  return messageBody(event.getContent());
}

/** What a message says, as it travels. */
export interface MessageContent {
  msgtype?: string;
  body?: unknown;
  "m.relates_to"?: { rel_type?: string; event_id?: string; "m.in_reply_to"?: { event_id: string } };
  "m.new_content"?: MessageContent;
  filename?: string;
  url?: string;
  file?: LockedFile;
  info?: {
    mimetype?: string;
    size?: number;
    w?: number;
    h?: number;
    duration?: number;
    thumbnail_url?: string;
    thumbnail_file?: LockedFile;
    thumbnail_info?: { mimetype?: string; size?: number };
  };
  "org.matrix.msc3245.voice"?: object;
  "org.matrix.msc1767.audio"?: { duration?: number; waveform?: number[] };
}

/** How loud the loudest is, as apps write it. */
export const WAVE_MAX = 1_024;

/** Tell what a message shows; `local` is its file while that is still here. */
export function messageBody(content: MessageContent, local?: Blob): Body {
  const text = typeof content.body === "string" ? content.body : "";
  const isText = !content.url && !content.file && !local;
  if (isText) return { kind: "text", text: withoutFallback(text) };
  const media = { ...mediaOf(content, text), ...(local && { local }) };
  const caption = content.filename && content.filename !== text ? text : "";
  if (content.msgtype === MsgType.Image) return { kind: "picture", media, text: caption };
  if (content.msgtype === MsgType.Audio) return { kind: "voice", media };
  return { kind: "file", media };
}

function mediaOf({ info = {}, ...content }: MessageContent, text: string): Media {
  const small = info.thumbnail_file?.url ?? info.thumbnail_url;
  const voice = content["org.matrix.msc1767.audio"];
  const length_ms = info.duration ?? voice?.duration;
  return {
    name: content.filename ?? text,
    size: info.size ?? 0,
    full: filed(content.file, content.url, info.mimetype),
    ...(small && { small: filed(info.thumbnail_file, info.thumbnail_url, info.thumbnail_info?.mimetype) }),
    ...(info.w && info.h && { width: info.w, height: info.h }),
    ...(length_ms !== undefined && { seconds: length_ms / 1_000 }),
    ...(voice?.waveform && { wave: voice.waveform.map((loudness) => loudness / WAVE_MAX) }),
  };
}

function filed(locked: LockedFile | undefined, url: string | undefined, type = ""): Filed {
  return { url: locked?.url ?? url ?? "", type, ...(locked && { locked }) };
}

/** Older apps repeat what is answered to at the top of the answer, behind ">". */
function withoutFallback(text: string): string {
  return text.startsWith("> <") ? text.replace(/^(?:>.*\n)+\n?/, "") : text;
}

/** Show what a message answers, by its id. */
export function quoteOf(id: string | undefined, scene: Scene): Quote | undefined {
  if (!id) return undefined;
  const answered = scene.room.findEventById(id);
  return {
    id,
    name: answered ? nameIn(scene.room, answered.getSender() ?? "") : "",
    words: (answered && wordsOf(answered, scene)) ?? "An earlier message",
  };
}

function reactionsTo(id: string, { room, me }: Scene): Reaction[] {
  const given = room.relations.getChildEventsForEvent(id, RelationType.Annotation, EventType.Reaction);
  return (given?.getSortedAnnotationsByKey() ?? [])
    .map(([sign, events]) => {
      const live = [...events].filter((event) => !event.isRedacted());
      const mine = live.find((event) => event.getSender() === me)?.getId();
      const names = live.map((event) => nameIn(room, event.getSender() ?? ""));
      return { sign, names: [...new Set(names)], ...(mine && { mine }) };
    })
    .filter(({ names }) => names.length > 0);
}

function noteWords(event: MatrixEvent, scene: Scene): string | undefined {
  const { room, me } = scene;
  const actor = event.getSender() === me ? "You" : nameIn(room, event.getSender() ?? "");
  switch (event.getType()) {
    case EventType.RoomEncryption:
      return "Messages here are locked: only the people in this chat can read them.";
    case EventType.RoomName:
      return `${actor} named this group “${String(event.getContent()["name"] ?? "")}”`;
    case EventType.RoomMember:
      return memberWords(event, scene, actor);
    default:
      return undefined;
  }
}

function memberWords(event: MatrixEvent, scene: Scene, actor: string): string | undefined {
  const { room, me, isDirect } = scene;
  const whom = event.getStateKey() ?? "";
  const now = event.getContent()["membership"] as string;
  const before = event.getPrevContent()["membership"] as string | undefined;
  const name = whom === me ? "you" : nameIn(room, whom);
  if (now === before) return undefined;
  if (isDirect && (now === "join" || now === "invite")) return undefined; // who is here goes without saying
  if (now === "join") return whom === me ? "You came in" : `${name} came in`;
  if (now === "invite") return `${actor} invited ${name}`;
  if (now === "leave" && whom === event.getSender()) {
    return before === "invite" ? `${actor} did not come in` : `${actor} left`;
  }
  return now === "leave" || now === "ban" ? `${actor} removed ${name}` : undefined;
}
