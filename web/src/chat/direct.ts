/** Which rooms are chats between two people: kept in the account, so that all devices and apps agree. */

import { EventType, Preset, type MatrixClient, type Room } from "matrix-js-sdk/lib/matrix";

type Peers = Record<string, string[]>;

const LOCKED = {
  type: EventType.RoomEncryption,
  state_key: "",
  content: { algorithm: "m.megolm.v1.aes-sha2" },
};

/** Give whom a chat is with; nothing for a group. */
export function peerOf(client: MatrixClient, room: Room): string | undefined {
  const peers = peersOf(client);
  const known = Object.keys(peers).find((user) => peers[user]?.includes(room.roomId));
  return known ?? room.getDMInviter();
}

/** Open the chat with somebody: the one that there is, or a new one. */
export async function chatWith(client: MatrixClient, user: string): Promise<string> {
  const known = (peersOf(client)[user] ?? []).find((id) => {
    const room = client.getRoom(id);
    return room?.getMyMembership() === "join" && ["join", "invite"].includes(room.getMember(user)?.membership ?? "");
  });
  if (known) return known;
  const { room_id } = await client.createRoom({
    preset: Preset.TrustedPrivateChat,
    is_direct: true,
    invite: [user],
    initial_state: [LOCKED],
  });
  await noteDirect(client, user, room_id);
  return room_id;
}

export async function makeGroup(client: MatrixClient, name: string, users: string[]): Promise<string> {
  const { room_id } = await client.createRoom({
    preset: Preset.PrivateChat,
    name,
    invite: users,
    initial_state: [LOCKED],
  });
  return room_id;
}

/** Come in where somebody invited. */
export async function comeIn(client: MatrixClient, room: Room): Promise<void> {
  const peer = room.getDMInviter();
  await client.joinRoom(room.roomId);
  if (peer) await noteDirect(client, peer, room.roomId);
}

function peersOf(client: MatrixClient): Peers {
  return client.getAccountData(EventType.Direct)?.getContent<Peers>() ?? {};
}

async function noteDirect(client: MatrixClient, user: string, room: string): Promise<void> {
  const peers = peersOf(client);
  await client.setAccountData(EventType.Direct, { ...peers, [user]: [...(peers[user] ?? []), room] });
}
