/** The keys that lock this person's messages: whether they are safe, and how a device comes to them. */

import {
  CryptoEvent,
  decodeRecoveryKey,
  deriveRecoveryKeyFromPassphrase,
  type CryptoApi,
  type CryptoCallbacks,
  type GeneratedSecretStorageKey,
  type VerificationRequest,
} from "matrix-js-sdk/lib/crypto-api";
import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import { withPassword } from "./devices";
import { Meeting } from "./meeting.svelte";

/**
 * `unsaved`: only this device has the keys; lose it, and what was written is lost.
 * `unconfirmed`: the account has keys, and this device has not shown that it is this person's.
 */
export type Standing = "looking" | "unsaved" | "unconfirmed" | "safe";

const MATTERS = [
  CryptoEvent.KeysChanged,
  CryptoEvent.UserTrustStatusChanged,
  CryptoEvent.KeyBackupStatus,
  CryptoEvent.KeyBackupDecryptionKeyCached,
] as const;

export class Keys {
  standing = $state<Standing>("looking");
  /** Two devices that are being compared. */
  meeting = $state.raw<Meeting>();
  /** Whether there is a recovery key to ask for. */
  hasRecoveryKey = $state(false);
  hasOtherDevices = $state(false);

  /** What the client asks while it opens or fills the account's safe. */
  readonly callbacks: CryptoCallbacks = {
    getSecretStorageKey: ({ keys }) => {
      const [id] = Object.keys(keys);
      return Promise.resolve(id && this.#recovery ? [id, this.#recovery] : null);
    },
    cacheSecretStorageKey: (_id, _said, key) => {
      this.#recovery = key;
    },
  };

  #client!: MatrixClient;
  #recovery: Uint8Array<ArrayBuffer> | undefined;
  #looking: Promise<void> = Promise.resolve();

  watch(client: MatrixClient): void {
    this.#client = client;
    for (const event of MATTERS) client.on(event, () => void this.look());
    client.on(CryptoEvent.VerificationRequestReceived, (request) => this.#meet(request));
  }

  /** See how things stand, one look after the other; an account without keys gets some. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#lookOnce()).catch(() => undefined);
    return this.#looking;
  }

  makeRecoveryKey(): Promise<GeneratedSecretStorageKey> {
    return this.#parts().crypto.createRecoveryKeyFromPassphrase();
  }

  /** Put everything into the account's safe, which `key` opens from now on. */
  async keep(key: GeneratedSecretStorageKey): Promise<void> {
    const { crypto } = this.#parts();
    await crypto.bootstrapSecretStorage({
      createSecretStorageKey: () => Promise.resolve(key),
      setupNewSecretStorage: true,
      setupNewKeyBackup: !(await crypto.getActiveSessionBackupVersion()),
    });
    await this.look();
  }

  /** Show by the recovery key that this device is this person's. */
  async confirmBy(words: string): Promise<void> {
    const { crypto } = this.#parts();
    this.#recovery = await this.#opening(words);
    await crypto.bootstrapCrossSigning({});
    if (await crypto.getKeyBackupInfo()) {
      await crypto.loadSessionBackupPrivateKeyFromSecretStorage();
      await crypto.checkKeyBackupAndEnable();
      void crypto.restoreKeyBackup().catch(() => undefined); // one by one, when they are read, as well
    }
    await this.look();
  }

  /** Ask the other devices of this person to compare. */
  async confirmByDevice(): Promise<void> {
    this.#meet(await this.#parts().crypto.requestOwnUserVerification());
  }

  /** Ask somebody to compare keys. */
  async compareWith(user: string, room: string): Promise<void> {
    this.#meet(await this.#parts().crypto.requestVerificationDM(user, room));
  }

  /** Tell whether keys were compared with somebody. */
  async isConfirmed(user: string): Promise<boolean> {
    return (await this.#parts().crypto.getUserVerificationStatus(user)).isCrossSigningVerified();
  }

  /** Begin anew with other keys: what was locked with the old ones stays locked. */
  async beginAnew(password: string): Promise<void> {
    const { crypto } = this.#parts();
    this.#recovery = undefined;
    await crypto.resetEncryption((send) => withPassword(this.#client, password, send));
    await this.look();
  }

  async #lookOnce(): Promise<void> {
    const { crypto, me, device } = this.#parts();
    if (!(await crypto.userHasCrossSigningKeys(me, true))) {
      await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (send) => send(null) });
    }
    const { privateKeysCachedLocally: own } = await crypto.getCrossSigningStatus();
    const hasKeys = own.masterKey && own.selfSigningKey && own.userSigningKey;
    const shown = await crypto.getDeviceVerificationStatus(me, device);
    const devices = (await crypto.getUserDeviceInfo([me], true)).get(me);
    this.hasRecoveryKey = Boolean(await this.#client.secretStorage.getKey());
    this.hasOtherDevices = (devices?.size ?? 0) > 1;
    if (!hasKeys && !shown?.crossSigningVerified) this.standing = "unconfirmed";
    else this.standing = (await crypto.isSecretStorageReady()) ? "safe" : "unsaved";
  }

  /** Give the key that `words` stand for, if it opens the safe. */
  async #opening(words: string): Promise<Uint8Array<ArrayBuffer>> {
    const [, safe] = (await this.#client.secretStorage.getKey()) ?? [];
    if (!safe) throw new Error("This account has no recovery key yet.");
    let key: Uint8Array<ArrayBuffer> | undefined;
    try {
      key = decodeRecoveryKey(words.trim());
    } catch {
      const { salt, iterations, bits } = safe.passphrase ?? {}; // other apps let one choose a phrase
      if (salt && iterations) key = await deriveRecoveryKeyFromPassphrase(words, salt, iterations, bits);
    }
    if (!key) throw new Error("A letter is missing or wrong: a recovery key has 12 groups of 4.");
    if (!(await this.#client.secretStorage.checkKey(key, safe))) {
      throw new Error("This is a recovery key, but not of this account.");
    }
    return key;
  }

  #meet(request: VerificationRequest): void {
    const mine = request.otherUserId === this.#client.getSafeUserId();
    const meeting = new Meeting(request, { isOwn: mine, onend: () => void this.look() });
    this.meeting = meeting;
  }

  #parts(): { crypto: CryptoApi; me: string; device: string } {
    const crypto = this.#client.getCrypto();
    if (!crypto) throw new Error("the keys are not open");
    return { crypto, me: this.#client.getSafeUserId(), device: this.#client.getDeviceId() ?? "" };
  }
}
