/** One call at a time: ringing, talking, and its end; from device to device, past the house. */

import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import {
  CallErrorCode,
  CallEvent,
  CallState,
  createNewMatrixCall,
  type MatrixCall,
} from "matrix-js-sdk/lib/webrtc/call";
import { CallEventHandlerEvent } from "matrix-js-sdk/lib/webrtc/callEventHandler";
import { CallFeedEvent, type CallFeed } from "matrix-js-sdk/lib/webrtc/callFeed";

/** `asked`: it rings here. `asking`: it rings there. */
export type CallStage = "asked" | "asking" | "connecting" | "talking";

const TICK_MS = 500;

export class Call {
  stage = $state<CallStage>("asking");
  isVideo = $state(false);
  isMuted = $state(false);
  isCameraOff = $state(false);
  own = $state.raw<MediaStream>();
  theirs = $state.raw<MediaStream>();
  isTheirCameraOff = $state(true);
  seconds = $state(0);
  hasOtherCamera = $state(false);

  readonly room: string;
  readonly #call: MatrixCall;
  readonly #client: MatrixClient;
  readonly #heard = new Set<CallFeed>();
  #ticking = 0;
  #began = 0;

  constructor(client: MatrixClient, call: MatrixCall, { onend }: { onend: (why: string) => void }) {
    this.#client = client;
    this.#call = call;
    this.room = call.roomId;
    let isOver = false;
    const end = (why: string) => {
      if (isOver) return;
      isOver = true;
      clearInterval(this.#ticking);
      onend(why);
    };
    call.on(CallEvent.State, (state) => {
      this.#follow(state);
      if (state === CallState.Ended) end(endWords(call.hangupReason));
    });
    call.on(CallEvent.FeedsChanged, () => this.#look());
    call.on(CallEvent.Hangup, () => end(endWords(call.hangupReason)));
    call.on(CallEvent.Error, ({ code }) => end(endWords(code)));
    this.#follow(call.state);
  }

  async place(isVideo: boolean): Promise<void> {
    this.isVideo = isVideo;
    await (isVideo ? this.#call.placeVideoCall() : this.#call.placeVoiceCall());
  }

  answer(isVideo: boolean): Promise<void> {
    return this.#call.answer(true, isVideo);
  }

  end(): void {
    if (this.stage === "asked") this.#call.reject();
    else this.#call.hangup(CallErrorCode.UserHangup, false);
  }

  async mute(): Promise<void> {
    await this.#call.setMicrophoneMuted(!this.isMuted);
    this.isMuted = this.#call.isMicrophoneMuted();
  }

  async turnCamera(): Promise<void> {
    await this.#call.setLocalVideoMuted(!this.isCameraOff);
    this.#look();
  }

  /** The camera of the other side of a phone, or the next one of a computer. */
  async switchCamera(): Promise<void> {
    const cameras = await camerasHere();
    const used = this.own?.getVideoTracks()[0]?.getSettings().deviceId;
    const next = cameras[(cameras.findIndex(({ deviceId }) => deviceId === used) + 1) % cameras.length];
    if (next) await this.#client.getMediaHandler().setVideoInput(next.deviceId);
    this.#look();
  }

  #follow(state: CallState): void {
    if (state === CallState.Ringing) this.stage = "asked";
    else if (state === CallState.Connected) this.#talk();
    else if (state === CallState.Connecting || state === CallState.CreateAnswer) this.stage = "connecting";
    if (state !== CallState.Ended) this.#look();
  }

  #talk(): void {
    this.stage = "talking";
    if (this.#began) return; // it had only been interrupted
    this.#began = performance.now();
    this.#ticking = window.setInterval(() => {
      this.seconds = (performance.now() - this.#began) / 1_000;
    }, TICK_MS);
  }

  #look(): void {
    const call = this.#call;
    for (const feed of call.getFeeds()) {
      if (this.#heard.has(feed)) continue;
      this.#heard.add(feed);
      feed.on(CallFeedEvent.NewStream, () => this.#look());
      feed.on(CallFeedEvent.MuteStateChanged, () => this.#look());
    }
    const { localUsermediaFeed: own, remoteUsermediaFeed: theirs } = call;
    this.own = own?.stream;
    this.theirs = theirs?.stream;
    this.isCameraOff = own ? own.isVideoMuted() : !this.isVideo;
    this.isTheirCameraOff = !theirs || theirs.isVideoMuted() || theirs.stream.getVideoTracks().length === 0;
    if (call.type === "video") this.isVideo = true;
    void camerasHere().then((cameras) => (this.hasOtherCamera = cameras.length > 1));
  }
}

export class Calls {
  now = $state.raw<Call>();
  /** What became of the last one, in words, where it was not simply hung up. */
  ended = $state("");

  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    this.#client = client;
    client.on(CallEventHandlerEvent.Incoming, (call) => {
      if (this.now) call.hangup(CallErrorCode.UserBusy, false);
      else this.#begin(call);
    });
  }

  async place(room: string, isVideo: boolean): Promise<void> {
    if (this.now) return;
    this.ended = "";
    const made = createNewMatrixCall(this.#client, room);
    if (!made) {
      this.ended = "This browser cannot call.";
      return;
    }
    await this.#begin(made).place(isVideo).catch(() => undefined); // told as the call's end
  }

  #begin(made: MatrixCall): Call {
    this.ended = "";
    const call = new Call(this.#client, made, {
      onend: (why) => {
        this.now = undefined;
        this.ended = why;
      },
    });
    this.now = call;
    return call;
  }
}

async function camerasHere(): Promise<MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind }) => kind === "videoinput");
}

function endWords(why: string | undefined): string {
  switch (why) {
    case CallErrorCode.NoUserMedia:
      return "This page has no microphone or camera: your browser can let it use them.";
    case CallErrorCode.IceFailed:
      return "The two devices found no way to each other.";
    case CallErrorCode.InviteTimeout:
      return "Nobody answered.";
    case CallErrorCode.UserBusy:
      return "They are in another call.";
    case CallErrorCode.AnsweredElsewhere:
      return "You answered on another device.";
    case CallErrorCode.UserHangup:
    case undefined:
      return "";
    default:
      return "The call did not work.";
  }
}
