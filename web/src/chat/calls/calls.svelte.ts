/** The call that there is, one at a time: placed here, or ringing here. */

import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import { CallEvent, createNewMatrixCall, type MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler";
import { peerOf } from "../direct";
import { nameIn } from "../lines";
import { Call } from "./call.svelte";
import { Devices } from "./devices.svelte";

export class Calls {
  now = $state.raw<Call>();
  /** Whether the chat is in front, and the call goes on behind it. */
  isAside = $state(false);

  readonly devices = new Devices();
  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    this.#client = client;
    client.on(CallEventHandlerEvent.Incoming, (call) => this.#ring(call));
  }

  /** Call whom a chat is with. */
  async place(room: string, { hasPicture }: { hasPicture: boolean }): Promise<void> {
    const made = this.now ? null : createNewMatrixCall(this.#client, room);
    const call = made && this.#adopted(made, hasPicture);
    this.isAside = false;
    await call?.place();
  }

  /** Put away a call that is over. */
  putAway(): void {
    this.now = undefined;
  }

  /** Leave nothing of calls in this browser. */
  forget(): void {
    this.now?.end();
    this.putAway();
    this.devices.forget();
  }

  #ring(call: MatrixCall): void {
    if (this.now && this.now.stage !== "over") return; // it rings out, and the chat tells of it
    this.isAside = false;
    this.#adopted(call);
  }

  #adopted(call: MatrixCall, hasPicture?: boolean): Call | undefined {
    const room = this.#client.getRoom(call.roomId);
    const user = room && peerOf(this.#client, room);
    if (!user) return undefined; // nobody rings a whole group
    const peer = { user, name: nameIn(room, user) };
    const about = { client: this.#client, devices: this.devices, peer };
    call.on(CallEvent.Replaced, (successor) => this.#adopted(successor)); // both called at once: one call is left
    this.now = new Call(call, { ...about, ...(hasPicture !== undefined && { hasPicture }) });
    return this.now;
  }
}
