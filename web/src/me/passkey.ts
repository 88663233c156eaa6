/** Passkeys: the browser keeps the secret, the house sees that it is there. */

/** Where passkeys work, when that is not here. */
export interface Elsewhere {
  words: string;
  /** This page, where they do work; empty where there is no such place. */
  link: string;
}

/** Tell why this browser can have no passkey at this address. Nothing: it can. */
export function whyNoPasskeys(): Elsewhere | undefined {
  const { hostname, host, protocol, port } = location;
  if (/^[\d.]+$|^\[/.test(hostname)) {
    const isHere = hostname === "127.0.0.1" || hostname === "[::1]";
    return {
      words: `Passkeys need a name in the address, and ${host} is a number.`,
      link: isHere ? `${protocol}//localhost${port && `:${port}`}/me` : "",
    };
  }
  if (!window.isSecureContext) {
    return { words: "Passkeys need an address that begins with https.", link: "" };
  }
  if (!("PublicKeyCredential" in window)) {
    return { words: "This browser knows no passkeys.", link: "" };
  }
  return undefined;
}

export async function makePasskey(options: PublicKeyCredentialCreationOptionsJSON): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return written(navigator.credentials.create({ publicKey }));
}

export async function usePasskey(options: PublicKeyCredentialRequestOptionsJSON): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return written(navigator.credentials.get({ publicKey }));
}

async function written(asked: Promise<Credential | null>): Promise<unknown> {
  // A browser says at length that a person pressed "cancel", or waited too long.
  const credential = await asked.catch(() => null);
  if (!(credential instanceof PublicKeyCredential)) throw new Error("no passkey was shown");
  return credential.toJSON();
}
