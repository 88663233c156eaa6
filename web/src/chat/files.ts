/** Locks files for encrypted rooms, and unlocks them: AES-CTR with a SHA-256, as the Matrix specification says. */

export interface LockedFile {
  v: "v2";
  url: string;
  key: JsonWebKey;
  iv: string;
  hashes: { sha256: string };
}

export async function lock(plain: Blob): Promise<{ locked: Blob; file: Omit<LockedFile, "url"> }> {
  const iv = new Uint8Array(16);
  crypto.getRandomValues(iv.subarray(0, 8)); // the other half counts blocks, from zero
  const key = await crypto.subtle.generateKey({ name: "AES-CTR", length: 256 }, true, ["encrypt", "decrypt"]);
  const cipher = { name: "AES-CTR", counter: iv, length: 64 };
  const locked = await crypto.subtle.encrypt(cipher, key, await plain.arrayBuffer());
  const jwk = await crypto.subtle.exportKey("jwk", key);
  return {
    locked: new Blob([locked], { type: "application/octet-stream" }),
    file: {
      v: "v2",
      key: { ...jwk, key_ops: ["encrypt", "decrypt"] },
      iv: inBase64(iv),
      hashes: { sha256: await digest(locked) },
    },
  };
}

/** Throws when what came is not what was sent. */
export async function unlock(locked: ArrayBuffer, file: LockedFile): Promise<ArrayBuffer> {
  if ((await digest(locked)) !== file.hashes.sha256.replace(/=+$/, "")) {
    throw new Error("this file was changed on its way");
  }
  const key = await crypto.subtle.importKey("jwk", file.key, "AES-CTR", false, ["decrypt"]);
  return crypto.subtle.decrypt({ name: "AES-CTR", counter: fromBase64(file.iv), length: 64 }, key, locked);
}

async function digest(bytes: ArrayBuffer): Promise<string> {
  return inBase64(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

function inBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const standard = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(standard), (letter) => letter.charCodeAt(0));
}
