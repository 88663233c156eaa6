/** Starts the Matrix client of a login: its stores in this browser, its keys, its sync. */

import loglevel from "loglevel";
import { IndexedDBStore, MatrixClient, PendingEventOrdering } from "matrix-js-sdk/lib/matrix";
import type { CryptoCallbacks } from "matrix-js-sdk/lib/crypto-api";
import type { Logger } from "matrix-js-sdk/lib/logger";
import type { Login } from "./homeserver";

const SYNC_STORE = "hubbub-chat-sync";
const KEY_STORE = "hubbub-chat-keys";

/** Says nothing: a console is no place for who writes to whom. */
const silence: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  getChild: () => silence,
};

export async function openClient(login: Login, callbacks: CryptoCallbacks): Promise<MatrixClient> {
  loglevel.getLogger("matrix").setLevel("silent", false);
  const store = new IndexedDBStore({ indexedDB, dbName: SYNC_STORE });
  const client = new MatrixClient({
    baseUrl: login.homeserver,
    userId: login.user,
    deviceId: login.device,
    accessToken: login.token,
    store,
    timelineSupport: true,
    fallbackICEServerAllowed: false, // nobody outside is asked the way
    verificationMethods: ["m.sas.v1"],
    cryptoCallbacks: callbacks,
    logger: silence,
  });
  await store.startup();
  await client.initRustCrypto({ cryptoDatabasePrefix: KEY_STORE });
  return client;
}

export function startSync(client: MatrixClient): Promise<void> {
  return client.startClient({
    initialSyncLimit: 30,
    lazyLoadMembers: true,
    pendingEventOrdering: PendingEventOrdering.Detached,
    disablePresence: true,
  });
}

/** Leave nothing of a login in this browser. */
export async function forget(client: MatrixClient): Promise<void> {
  client.stopClient();
  await client.clearStores({ cryptoDatabasePrefix: KEY_STORE });
}
