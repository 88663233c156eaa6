/** Two devices are compared: both show seven pictures, and a person says whether they are the same. */

import {
  VerificationPhase,
  VerificationRequestEvent,
  VerifierEvent,
  type ShowSasCallbacks,
  type VerificationRequest,
  type Verifier,
} from "matrix-js-sdk/lib/crypto-api";

export type Stage = "asked" | "waiting" | "comparing" | "agreed" | "done" | "failed";

const METHOD = "m.sas.v1";

export class Meeting {
  stage = $state<Stage>("waiting");
  signs = $state.raw<[sign: string, name: string][]>([]);

  readonly isOwn: boolean;
  readonly #request: VerificationRequest;
  readonly #onend: () => void;
  #verifier: Verifier | undefined;
  #shown: ShowSasCallbacks | undefined;

  constructor(request: VerificationRequest, { isOwn, onend }: { isOwn: boolean; onend: () => void }) {
    this.#request = request;
    this.#onend = onend;
    this.isOwn = isOwn;
    if (!request.initiatedByMe) this.stage = "asked";
    request.on(VerificationRequestEvent.Change, () => void this.#follow());
    void this.#follow();
  }

  get otherUser(): string {
    return this.#request.otherUserId;
  }

  accept(): Promise<void> {
    this.stage = "waiting";
    return this.#request.accept();
  }

  async same(): Promise<void> {
    this.stage = "agreed";
    await this.#shown?.confirm();
  }

  different(): void {
    this.#shown?.mismatch();
    this.stage = "failed";
  }

  async stop(): Promise<void> {
    if (this.#request.pending) await this.#request.cancel().catch(() => undefined);
  }

  async #follow(): Promise<void> {
    const { phase, initiatedByMe, verifier } = this.#request;
    if (phase === VerificationPhase.Cancelled) this.stage = "failed";
    if (phase === VerificationPhase.Done) {
      this.stage = "done";
      this.#onend();
    }
    if (verifier) this.#compare(verifier);
    else if (phase === VerificationPhase.Ready && initiatedByMe) {
      this.#compare(await this.#request.startVerification(METHOD));
    }
  }

  #compare(verifier: Verifier): void {
    if (this.#verifier === verifier) return;
    this.#verifier = verifier;
    verifier.on(VerifierEvent.ShowSas, (shown) => this.#show(shown));
    const shown = verifier.getShowSasCallbacks();
    if (shown) this.#show(shown);
    verifier.verify().catch(() => (this.stage = "failed"));
  }

  #show(shown: ShowSasCallbacks): void {
    this.#shown = shown;
    this.signs = shown.sas.emoji ?? [];
    this.stage = "comparing";
  }
}
