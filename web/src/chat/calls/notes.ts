/** What a call leaves in a conversation: one line, for both sides, at the place where it began. */

import { EventType, type MatrixEvent, type Room } from "matrix-js-sdk/lib/matrix";
import { clockLength } from "../words";

interface CallContent {
  call_id?: string;
  lifetime?: number;
  reason?: string;
  offer?: { sdp?: string };
}

/** Tell what became of the call that this event began. */
export function callWords(invite: MatrixEvent, room: Room, me: string): string {
  const { call_id, lifetime = 0, offer } = invite.getContent<CallContent>();
  const isMine = invite.getSender() === me;
  const what = offer?.sdp?.includes("m=video") ? "video call" : "voice call";
  const What = capital(what);
  const events = room
    .getLiveTimeline()
    .getEvents()
    .filter((event) => event.getContent<CallContent>().call_id === call_id);
  const answer = events.find((event) => event.getType() === EventType.CallAnswer);
  const end = events.find((event) => event.getType() === EventType.CallHangup);
  if (answer) {
    const lasted = end && clockLength((end.getTs() - answer.getTs()) / 1_000);
    return lasted ? `${What}, ${lasted}` : What;
  }
  const no = events.find((event) => event.getType() === EventType.CallReject);
  if (no) return no.getSender() === me ? `You declined a ${what}` : `${What}, declined`;
  const isRinging = !end && Date.now() - invite.getTs() < lifetime;
  if (isRinging) return `${What}, ringing…`;
  return isMine ? `${What}, no answer` : `Missed ${what}`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
