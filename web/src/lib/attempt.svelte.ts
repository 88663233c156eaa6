/** Something that a person asked for and that can fail, and what is said of it. */

import { why } from "./api";

export class Attempt {
  /** What was done, in words. */
  said = $state("");
  refusal = $state("");
  isRunning = $state(false);

  /** Do it; `act` gives what to say when it is done. */
  async at(act: () => Promise<string>): Promise<void> {
    this.said = this.refusal = "";
    this.isRunning = true;
    try {
      this.said = await act();
    } catch (error) {
      this.refusal = why(error);
    } finally {
      this.isRunning = false;
    }
  }
}
