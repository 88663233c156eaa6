/** One call: how far it is, who is heard and seen, and what can be done in it. */

import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import {
  CallDirection,
  CallErrorCode,
  CallEvent,
  CallParty,
  CallState,
  CallType,
  type MatrixCall,
} from "matrix-js-sdk/lib/webrtc/call";
import { SDPStreamMetadataPurpose } from "matrix-js-sdk/lib/webrtc/callEventTypes";
import { CallFeed, CallFeedEvent } from "matrix-js-sdk/lib/webrtc/callFeed";
import { troubleWords, type DeviceKind, type Devices } from "./devices.svelte";

/** From asking for the microphone to the end; `lost` is between talking and talking. */
export type Stage = "opening" | "calling" | "ringing" | "connecting" | "talking" | "lost" | "over";

export interface Peer {
  user: string;
  name: string;
}

/** How long the library waits until it lets go of a camera that was switched off. */
const CAMERA_REST_MS = 200;
/** How long a way between the two is looked for; the library never stops by itself. */
const WAY_MS = 30_000;

export class Call {
  stage = $state<Stage>("opening");
  seconds = $state(0);
  isMicOn = $state(true);
  isCameraOn = $state(false);
  /** What the other side sends. */
  theirs = $state.raw<MediaStream>();
  isSeen = $state(false);
  isTheirMicOn = $state(true);
  /** What this side sends. */
  mine = $state.raw<MediaStream>();
  /** Why something did not work, and what helps. */
  trouble = $state("");
  /** How it ended, in words; none where nobody needs to be told. */
  ending = $state("");
  isBusy = $state(false);

  readonly peer: Peer;
  readonly isIncoming: boolean;
  /** Whether it was begun with pictures. */
  readonly hasPicture: boolean;
  readonly room: string;
  readonly #call: MatrixCall;
  readonly #client: MatrixClient;
  readonly #devices: Devices;
  #hasTalked = false;
  #givingUp = 0;

  constructor(call: MatrixCall, { client, devices, peer, hasPicture }: {
    client: MatrixClient;
    devices: Devices;
    peer: Peer;
    hasPicture?: boolean;
  }) {
    this.#call = call;
    this.#client = client;
    this.#devices = devices;
    this.peer = peer;
    this.room = call.roomId;
    this.isIncoming = call.direction === CallDirection.Inbound;
    this.hasPicture = hasPicture ?? call.type === CallType.Video;
    call.on(CallEvent.State, () => this.#moved());
    call.on(CallEvent.FeedsChanged, () => this.#look());
    call.on(CallEvent.LengthChanged, (seconds) => (this.seconds = seconds));
    call.on(CallEvent.Error, () => undefined); // each ends the call, and the end says why
    if (this.isIncoming) this.#moved();
  }

  /** Ring at the other side. */
  async place(): Promise<void> {
    const feed = await this.#open(this.hasPicture);
    if (feed) await this.#call.placeCallWithCallFeeds([feed]);
    else this.stage = "over";
  }

  /** Take the call. Without microphone it goes on ringing. */
  async answer({ hasPicture }: { hasPicture: boolean }): Promise<void> {
    const feed = (await this.#open(hasPicture)) ?? (hasPicture && (await this.#open(false)));
    if (feed) this.#call.answerWithCallFeeds([feed]);
  }

  /** Decline, give up, or hang up: whatever it is now. */
  end(): void {
    if (this.stage === "opening") this.stage = "over";
    else if (this.#call.state === CallState.Ringing) this.#call.reject();
    else this.#call.hangup(CallErrorCode.UserHangup, false);
  }

  async turnMic(): Promise<void> {
    await this.#once(async () => {
      this.isMicOn = !(await this.#call.setMicrophoneMuted(this.isMicOn));
    });
  }

  async turnCamera(): Promise<void> {
    await this.#once(async () => {
      if (this.isCameraOn) {
        await this.#call.setLocalVideoMuted(true);
        this.isCameraOn = false;
        await new Promise((rested) => setTimeout(rested, CAMERA_REST_MS));
        return;
      }
      const stream = await this.#tried(this.#devices.open({ hasPicture: true }), "camera");
      if (!stream) return;
      this.#call.localUsermediaFeed?.setAudioVideoMuted(null, false);
      await this.#call.updateLocalUsermediaStream(stream, false, true);
      await this.#call.sendMetadataUpdate();
      this.isCameraOn = true;
    });
  }

  /** Use the next camera: on a phone, the one on the other side. */
  async flip(): Promise<void> {
    const cameras = this.#devices.of("videoinput");
    const now = this.mine?.getVideoTracks()[0]?.getSettings().deviceId;
    const next = cameras[(cameras.findIndex(({ deviceId }) => deviceId === now) + 1) % cameras.length];
    if (next) await this.use("videoinput", next.deviceId);
  }

  /** Use another device from now on. */
  async use(kind: DeviceKind, id: string): Promise<void> {
    this.#devices.choose(kind, id);
    if (kind === "audiooutput" || (kind === "videoinput" && !this.isCameraOn)) return;
    await this.#once(async () => {
      for (const track of this.mine?.getVideoTracks() ?? []) track.stop(); // a phone opens one camera at a time
      const what = kind === "audioinput" ? "microphone" : "camera";
      const stream = await this.#tried(this.#devices.open({ hasPicture: this.isCameraOn }), what);
      if (stream) await this.#call.updateLocalUsermediaStream(stream);
    });
  }

  async #open(hasPicture: boolean): Promise<CallFeed | undefined> {
    const what = hasPicture ? "microphone and camera" : "microphone";
    const stream = await this.#tried(this.#devices.open({ hasPicture }), what);
    if (stream && this.stage === "over") for (const track of stream.getTracks()) track.stop(); // given up meanwhile
    if (!stream || this.stage === "over") return undefined;
    this.isCameraOn = hasPicture;
    return new CallFeed({
      client: this.#client,
      roomId: this.room,
      userId: this.#client.getSafeUserId(),
      deviceId: this.#client.getDeviceId() ?? undefined,
      stream,
      purpose: SDPStreamMetadataPurpose.Usermedia,
      audioMuted: false,
      videoMuted: !hasPicture,
    });
  }

  async #tried(opening: Promise<MediaStream>, what: Parameters<typeof troubleWords>[1]): Promise<MediaStream | undefined> {
    this.trouble = "";
    return opening.catch((error: unknown) => {
      this.trouble = troubleWords(error, what);
      return undefined;
    });
  }

  /** One change of devices after the other. */
  async #once(change: () => Promise<void>): Promise<void> {
    if (this.isBusy || this.stage === "over") return;
    this.isBusy = true;
    await change().finally(() => (this.isBusy = false));
  }

  #moved(): void {
    const { state } = this.#call;
    if (state === CallState.Ended) this.ending = this.#howItEnded();
    if (state === CallState.Connected) this.#hasTalked = true;
    this.stage = this.#stageOf(state);
    this.#look();
    clearTimeout(this.#givingUp);
    if (this.stage !== "connecting") return;
    this.#givingUp = window.setTimeout(() => this.#call.hangup(CallErrorCode.IceFailed, false), WAY_MS);
  }

  #stageOf(state: CallState): Stage {
    switch (state) {
      case CallState.Fledgling:
      case CallState.WaitLocalMedia:
        return "opening";
      case CallState.CreateOffer:
      case CallState.InviteSent:
        return "calling";
      case CallState.Ringing:
        return "ringing";
      case CallState.CreateAnswer:
      case CallState.Connecting:
        return this.#hasTalked ? "lost" : "connecting";
      case CallState.Connected:
        return "talking";
      case CallState.Ended:
        return "over";
    }
  }

  #howItEnded(): string {
    const { hangupParty, hangupReason } = this.#call;
    const { name } = this.peer;
    if (hangupReason === CallErrorCode.IceFailed) {
      return this.#hasTalked ? "The connection was lost." : "No way was found between you. Another network may help.";
    }
    if (hangupReason === CallErrorCode.SendInvite || hangupReason === CallErrorCode.SignallingFailed) {
      return "The house does not answer. Try again in a moment.";
    }
    if (this.#hasTalked) return hangupParty === CallParty.Remote ? `${name} hung up.` : "You hung up.";
    if (this.isIncoming) return ""; // the conversation tells what was missed
    if (hangupReason === CallErrorCode.InviteTimeout) return `${name} did not answer.`;
    return hangupParty === CallParty.Remote ? `${name} declined.` : "";
  }

  /** Look again at what comes and goes. */
  #look(): void {
    const { remoteUsermediaFeed: theirs, localUsermediaFeed: mine } = this.#call;
    for (const event of [CallFeedEvent.MuteStateChanged, CallFeedEvent.NewStream] as const) {
      theirs?.off(event, this.#again);
      theirs?.on(event, this.#again);
    }
    this.theirs = theirs?.stream;
    this.isSeen = Boolean(theirs && !theirs.isVideoMuted());
    this.isTheirMicOn = !theirs?.isAudioMuted();
    this.mine = mine?.stream;
  }

  readonly #again = () => this.#look();
}
