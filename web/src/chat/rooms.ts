/** The rooms of a person as rows of a list, the newest first. */

import { KnownMembership, NotificationCountType, type MatrixClient, type Room } from "matrix-js-sdk/lib/matrix";
import { peerOf } from "./direct";
import { nameIn, wordsOf, type Scene } from "./lines";
import { nameFromId } from "./names";

export interface RoomRow {
  id: string;
  name: string;
  /** Whom it is with; nothing for a group. */
  peer?: string;
  words: string;
  at: number;
  unread: number;
  isInvite: boolean;
  isTyping: boolean;
  /** Whether the house speaks here, and nobody answers. */
  isNotice: boolean;
}

export function roomRows(client: MatrixClient): RoomRow[] {
  return client
    .getRooms()
    .filter((room) => [KnownMembership.Join, KnownMembership.Invite].includes(room.getMyMembership() as KnownMembership))
    .map((room) => rowOf(client, room))
    .sort((a, b) => Number(b.isInvite) - Number(a.isInvite) || b.at - a.at);
}

function rowOf(client: MatrixClient, room: Room): RoomRow {
  const me = client.getSafeUserId();
  const peer = peerOf(client, room);
  const isInvite = room.getMyMembership() === KnownMembership.Invite;
  const last = lastWords({ room, me, isDirect: peer !== undefined });
  return {
    id: room.roomId,
    name: peer ? nameIn(room, peer) : room.name,
    ...(peer && { peer }),
    words: isInvite ? invitedBy(room, me) : last.words,
    at: last.at,
    unread: isInvite ? 1 : room.getUnreadNotificationCount(NotificationCountType.Total),
    isInvite,
    isNotice: "m.server_notice" in room.tags,
    isTyping: room.getMembers().some(({ typing, userId }) => typing && userId !== me),
  };
}

function lastWords(scene: Scene): { words: string; at: number } {
  const { room, me } = scene;
  const events = room.getLiveTimeline().getEvents();
  for (let place = events.length - 1; place >= 0; place -= 1) {
    const event = events[place];
    const words = event && wordsOf(event, scene);
    if (!event || !words) continue;
    const isMine = event.getSender() === me && !event.isState();
    return { words: isMine ? `You: ${words}` : words, at: event.getTs() };
  }
  return { words: "", at: room.getLastActiveTimestamp() };
}

function invitedBy(room: Room, me: string): string {
  const sender = room.getMember(me)?.events.member?.getSender();
  return sender ? `${nameFromId(sender)} invites you` : "An invite";
}
