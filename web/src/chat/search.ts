/** Looks for words in what this device has of all chats: the house cannot, for it cannot read them. */

import { KnownMembership, type MatrixClient } from "matrix-js-sdk/lib/matrix";
import { peerOf } from "./direct";
import { lineOf, nameIn } from "./lines";

export interface Hit {
  room: string;
  roomName: string;
  id: string;
  name: string;
  text: string;
  at: number;
}

const HITS_MAX = 60;
const FURTHER = 200;

export function findHits(client: MatrixClient, words: string): Hit[] {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  const me = client.getSafeUserId();
  const hits = joined(client).flatMap((room) => {
    const peer = peerOf(client, room);
    const scene = { room, me, isDirect: peer !== undefined };
    return room.getLiveTimeline().getEvents().flatMap((event): Hit[] => {
      const line = lineOf(event, scene);
      if (!line || !("text" in line.body) || line.body.kind === "note") return [];
      const said = plain(line.body.text);
      if (!wanted.every((word) => said.includes(word))) return [];
      const roomName = peer ? nameIn(room, peer) : room.name;
      const { id, at, body } = line;
      return [{ room: room.roomId, roomName, id, name: line.isMine ? "You" : line.name, text: body.text, at }];
    });
  });
  return hits.sort((a, b) => b.at - a.at).slice(0, HITS_MAX);
}

/** Fetch older messages of every chat. */
export async function fetchFurther(client: MatrixClient): Promise<void> {
  for (const room of joined(client)) await client.scrollback(room, FURTHER);
}

function joined(client: MatrixClient) {
  return client.getRooms().filter((room) => room.getMyMembership() === KnownMembership.Join);
}

/** Without capitals and accents: who looks for "cafe" means "Café". */
function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
