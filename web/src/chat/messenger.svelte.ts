/** The messenger of who is signed in: their rooms, the open one, their keys, and whether the house answers. */

import {
  ClientEvent,
  HttpApiEvent,
  MatrixEventEvent,
  RoomEvent,
  RoomMemberEvent,
  RoomStateEvent,
  SyncState,
  type MatrixClient,
} from "matrix-js-sdk/lib/matrix";
import { Calls } from "./calls/calls.svelte";
import { Conversation } from "./conversation.svelte";
import { chatWith, comeIn, makeGroup } from "./direct";
import type { Login } from "./homeserver";
import { Keys } from "./keys.svelte";
import { MediaShelf } from "./media";
import { nameFromId } from "./names";
import { Notices } from "./notices.svelte";
import { Outbox } from "./outbox.svelte";
import { findPeople, type Person } from "./people";
import { route } from "./route.svelte";
import { roomRows, type RoomRow } from "./rooms";
import { forget, openClient, startSync } from "./start";

const REFRESH_MS = 40;

export class Messenger {
  rooms = $state.raw<RoomRow[]>([]);
  open = $state.raw<Conversation>();
  /** Whether the first look at everything is done. */
  isReady = $state(false);
  /** Whether the house answers. */
  isUp = $state(true);
  /** Whether the house has ended this login. */
  hasEnded = $state(false);
  name = $state("");

  readonly keys = new Keys();
  readonly login: Login;
  client!: MatrixClient;
  media!: MediaShelf;
  outbox!: Outbox;
  notices!: Notices;
  calls!: Calls;
  #refreshing = 0;
  #wanted: string | undefined;

  constructor(login: Login) {
    this.login = login;
    this.name = nameFromId(login.user);
  }

  get me(): string {
    return this.login.user;
  }

  async start(): Promise<void> {
    this.client = await openClient(this.login, this.keys.callbacks);
    this.media = new MediaShelf(this.client);
    this.outbox = new Outbox(this.client, {
      name: `hubbub-chat-outbox-${this.login.user}`,
      onchange: () => this.open?.refresh(),
    });
    this.notices = new Notices(this.client, (room) => route.go(room as `!${string}`));
    this.calls = new Calls(this.client);
    this.#listen();
    this.keys.watch(this.client);
    await startSync(this.client);
  }

  /** Sign this device out, and leave nothing of it here. */
  async leave(): Promise<void> {
    await this.client.logout(true).catch(() => undefined);
    await this.forget();
  }

  /** Leave nothing of this login in this browser. */
  async forget(): Promise<void> {
    clearTimeout(this.#refreshing);
    this.open?.close();
    this.calls.forget();
    this.media.close();
    await this.outbox.close();
    await forget(this.client);
  }

  /** Show a room: as soon as it is known. */
  show(id: string | undefined): void {
    this.#wanted = id;
    if (this.open?.id === id) return;
    this.open?.close();
    const room = id ? this.client.getRoom(id) : null;
    this.open = room ? new Conversation(this.client, this.outbox, room) : undefined;
  }

  async comeIn(id: string): Promise<void> {
    const room = this.client.getRoom(id);
    if (room) await comeIn(this.client, room);
    this.refresh();
  }

  async leaveRoom(id: string): Promise<void> {
    await this.client.leave(id);
    await this.client.forget(id).catch(() => undefined); // it is left, and that was asked for
    this.refresh();
  }

  async refuse(id: string): Promise<void> {
    await this.client.leave(id);
    this.refresh();
  }

  chatWith(user: string): Promise<string> {
    return chatWith(this.client, user);
  }

  makeGroup(name: string, users: string[]): Promise<string> {
    return makeGroup(this.client, name, users);
  }

  find(term: string): Promise<Person[]> {
    return findPeople(this.client, term);
  }

  /** Look again, soon: many events come together. */
  refresh(): void {
    if (this.#refreshing) return;
    this.#refreshing = window.setTimeout(() => {
      this.#refreshing = 0;
      this.rooms = roomRows(this.client);
      if (this.open) this.open.refresh();
      else this.show(this.#wanted);
    }, REFRESH_MS);
  }

  #listen(): void {
    const again = () => this.refresh();
    const { client } = this;
    client.on(ClientEvent.Sync, (state) => this.#synced(state));
    client.on(ClientEvent.AccountData, again);
    client.on(RoomEvent.Timeline, (event) => {
      const txn = event.getTxnId();
      if (txn) this.outbox.arrived(txn);
      this.refresh();
    });
    for (const event of [RoomEvent.Name, RoomEvent.MyMembership, RoomEvent.Receipt, RoomEvent.LocalEchoUpdated] as const) {
      client.on(event, again);
    }
    client.on(RoomEvent.Redaction, again);
    client.on(RoomStateEvent.Members, again);
    client.on(RoomMemberEvent.Typing, again);
    client.on(MatrixEventEvent.Decrypted, again);
    client.on(MatrixEventEvent.Replaced, again);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") void client.store.save(true); // may be the last moment
    });
    client.on(HttpApiEvent.SessionLoggedOut, () => (this.hasEnded = true));
  }

  #synced(state: SyncState): void {
    const isUp = state !== SyncState.Error && state !== SyncState.Reconnecting;
    if (isUp && !this.isUp) this.outbox.hurry();
    this.isUp = isUp;
    if (state === SyncState.Prepared && !this.isReady) void this.#ready();
    this.refresh();
  }

  async #ready(): Promise<void> {
    this.rooms = roomRows(this.client);
    this.isReady = true;
    await this.outbox.open();
    await this.keys.look();
    const profile = await this.client.getProfileInfo(this.me).catch(() => undefined);
    this.name = profile?.displayname ?? this.name;
  }
}
