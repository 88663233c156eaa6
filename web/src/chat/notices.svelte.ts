/** Tells of new messages while one looks elsewhere, where the person has said so. */

import { MatrixEventEvent, RoomEvent, type MatrixClient, type MatrixEvent, type Room } from "matrix-js-sdk/lib/matrix";
import { peerOf } from "./direct";
import { nameIn, wordsOf } from "./lines";

const KEPT_AS = "hubbub-chat-notices";
const FRESH_MS = 60_000;

export class Notices {
  isOn = $state(isGranted() && localStorage.getItem(KEPT_AS) === "on");
  /** Why it cannot be switched on, in words. */
  refusal = $state("");

  readonly #client: MatrixClient;
  readonly #onopen: (room: string) => void;
  readonly #told = new Set<string>();

  constructor(client: MatrixClient, onopen: (room: string) => void) {
    this.#client = client;
    this.#onopen = onopen;
    client.on(RoomEvent.Timeline, (event, room, _isAtStart, _isRemoved, { liveEvent }) => {
      if (liveEvent && room) this.#consider(event, room);
    });
    client.on(MatrixEventEvent.Decrypted, (event) => {
      const room = client.getRoom(event.getRoomId());
      if (room) this.#consider(event, room);
    });
  }

  async turn(isOn: boolean): Promise<void> {
    this.refusal = "";
    if (isOn && !("Notification" in window)) this.refusal = "This browser has no notifications.";
    else if (isOn && (await Notification.requestPermission()) !== "granted") {
      this.refusal = "Your browser does not let this page notify you: its settings can change that.";
    }
    this.isOn = isOn && !this.refusal;
    localStorage.setItem(KEPT_AS, this.isOn ? "on" : "off");
  }

  #consider(event: MatrixEvent, room: Room): void {
    const id = event.getId() ?? "";
    const me = this.#client.getSafeUserId();
    const isOld = Date.now() - event.getTs() > FRESH_MS;
    if (!this.isOn || document.hasFocus() || isOld || event.getSender() === me || this.#told.has(id)) return;
    if (event.isBeingDecrypted() || event.shouldAttemptDecryption()) return; // comes again, in clear
    if (!this.#client.getPushActionsForEvent(event)?.notify) return;
    const words = wordsOf(event, { room, me, isDirect: peerOf(this.#client, room) !== undefined });
    if (!words) return;
    this.#told.add(id);
    this.#tell(room, event.getSender() ?? "", words);
  }

  #tell(room: Room, sender: string, words: string): void {
    const isDirect = peerOf(this.#client, room) !== undefined;
    const name = nameIn(room, sender);
    try {
      const told = new Notification(isDirect ? name : room.name, {
        body: isDirect ? words : `${name}: ${words}`,
        tag: room.roomId,
        icon: "/icon.svg",
      });
      told.onclick = () => {
        window.focus();
        this.#onopen(room.roomId);
        told.close();
      };
    } catch {
      this.isOn = false; // phones let only a worker notify
    }
  }
}

function isGranted(): boolean {
  return "Notification" in window && Notification.permission === "granted";
}
