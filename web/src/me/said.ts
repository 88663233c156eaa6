/** Keys of the API as people say them. */

/** Signals of a browser or an app that say no. */
export const SIGNAL_WORDS: Record<string, string> = {
  gpc: "Global Privacy Control",
  tcf: "the consent string of an app",
};

/** Why the door did not keep a row: it stands after "12 rows". */
export const REFUSED_WORDS: Record<string, string> = {
  "bad-row": "that could not be read",
  future: "with a time that had not come yet",
  "too-old": "that came too late",
  "before-deal": "from before you agreed",
  paused: "from while you paused",
  withdrawn: "from after you stopped",
  "too-fast": "that came faster than this house takes them",
};
