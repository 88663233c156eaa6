/** Which microphone, camera and speaker a call uses, and why one cannot be had. */

export type DeviceKind = MediaDeviceKind;
type Chosen = Partial<Record<DeviceKind, string>>;

const KEPT_AS = "hubbub-chat-devices";
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };

export class Devices {
  all = $state.raw<MediaDeviceInfo[]>([]);
  chosen = $state.raw<Chosen>(JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}") as Chosen);

  constructor() {
    navigator.mediaDevices.addEventListener("devicechange", () => void this.look());
  }

  of(kind: DeviceKind): MediaDeviceInfo[] {
    return this.all.filter((each) => each.kind === kind);
  }

  choose(kind: DeviceKind, id: string): void {
    this.chosen = { ...this.chosen, [kind]: id };
    localStorage.setItem(KEPT_AS, JSON.stringify(this.chosen));
  }

  /** Open microphone, and camera if wanted: the chosen ones, or what there is where those are gone. */
  async open({ hasPicture }: { hasPicture: boolean }): Promise<MediaStream> {
    const { audioinput, videoinput } = this.chosen;
    const wanted = {
      audio: audioinput ? { deviceId: { exact: audioinput } } : true,
      video: hasPicture && { ...PICTURE, ...(videoinput && { deviceId: { exact: videoinput } }) },
    };
    const stream = await navigator.mediaDevices.getUserMedia(wanted).catch((error: unknown) => {
      if (!(error instanceof OverconstrainedError)) throw error;
      return navigator.mediaDevices.getUserMedia({ audio: true, video: hasPicture && PICTURE });
    });
    await this.look(); // names are told only to a page that may listen
    return stream;
  }

  async look(): Promise<void> {
    this.all = (await navigator.mediaDevices.enumerateDevices()).filter(({ deviceId }) => deviceId);
  }

  forget(): void {
    localStorage.removeItem(KEPT_AS);
  }
}

/** Say why microphone or camera were not had, and what helps. */
export function troubleWords(error: unknown, what: "microphone" | "camera" | "microphone and camera"): string {
  const name = error instanceof DOMException ? error.name : "";
  const isOrAre = what.includes("and") ? "are" : "is";
  if (name === "NotAllowedError") {
    return `Your browser does not let this page use ${what}. Allow it beside the page's address, and try again.`;
  }
  if (name === "NotFoundError") return `There is no ${what.replace(" and ", " or ")} on this device. Plug one in, and try again.`;
  if (name === "NotReadableError") return `The ${what} ${isOrAre} used by another app. Close that, and try again.`;
  return `The ${what} did not start.`;
}
