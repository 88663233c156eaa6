/** The devices of a person, and what wants the password once more. */

import type { AuthDict, MatrixClient } from "matrix-js-sdk/lib/matrix";
import { Refused } from "./homeserver";

export interface Device {
  id: string;
  name: string;
  seen?: Date;
  isThis: boolean;
  isConfirmed: boolean;
}

/** This one first, then those that were seen last. */
export async function listDevices(client: MatrixClient): Promise<Device[]> {
  const { devices } = await client.getDevices();
  const me = client.getSafeUserId();
  const crypto = client.getCrypto();
  const listed = await Promise.all(
    devices.map(async ({ device_id: id, display_name: name, last_seen_ts: seen_ms }): Promise<Device> => {
      const shown = await crypto?.getDeviceVerificationStatus(me, id);
      return {
        id,
        name: name ?? id,
        ...(seen_ms && { seen: new Date(seen_ms) }),
        isThis: id === client.getDeviceId(),
        isConfirmed: shown?.crossSigningVerified ?? false,
      };
    }),
  );
  return listed.sort(
    (a, b) => Number(b.isThis) - Number(a.isThis) || (b.seen?.getTime() ?? 0) - (a.seen?.getTime() ?? 0),
  );
}

export async function signOutDevice(client: MatrixClient, id: string, password: string): Promise<void> {
  await withPassword(client, password, (auth) => client.deleteDevice(id, auth ?? undefined));
}

/** All other devices stay signed in. */
export async function changePassword(client: MatrixClient, old: string, wanted: string): Promise<void> {
  await withPassword(client, old, (auth) => client.setPassword(auth ?? {}, wanted, false));
}

/** Ask without the password first: the homeserver then says for which session it wants it. */
export async function withPassword(
  client: MatrixClient,
  password: string,
  act: (auth: AuthDict | null) => Promise<unknown>,
): Promise<void> {
  try {
    await act(null);
  } catch (error) {
    const session = (error as { data?: { session?: string } }).data?.session;
    if (!session) throw error;
    const identifier = { type: "m.id.user", user: client.getSafeUserId() };
    await act({ type: "m.login.password", identifier, password, session }).catch((refusal: unknown) => {
      const told = (refusal as { data?: { errcode?: string } }).data ?? {};
      throw told.errcode === "M_FORBIDDEN" ? new Refused("", { error: "This is not your password." }) : refusal;
    });
  }
}
