/** The notice in force, typed as `src/hubbub/deal/notice.py` writes it. */

import type { Cell } from "./cells";

export interface Use {
  purpose: string;
  title: string;
  words: string;
  categories: string[];
  recipients: string[];
  legal_basis: string;
  retention_days: number;
  published: string;
}

export interface Notice {
  version: number;
  language: string;
  region: string;
  title: string;
  operator: { name: string; contact: string; protection_officer: string | null };
  uses: Use[];
  recipients: Record<string, string>;
  transfers: string;
  rights: Record<string, string>;
  obligation: string;
  automated_decisions: string;
  source: string;
  limits: string;
}

/** "user.location.precise" as people say it. */
export const CATEGORY_WORDS: Record<string, string> = {
  "user.location.precise": "where the phone is (position, speed, time)",
};

/** An article of the law as people say it. */
export const BASIS_WORDS: Record<string, string> = {
  "eu-gdpr:A6-1-a": "your agreement (GDPR article 6(1)(a))",
};

/** All that may be agreed to under a notice. Nothing is on until it is switched on. */
export function cellsOf({ uses, recipients }: Notice): Cell[] {
  return uses.flatMap((use) =>
    use.categories.flatMap((category) =>
      use.recipients.map((recipient) => ({
        category,
        category_title: CATEGORY_WORDS[category] ?? category,
        purpose: use.purpose,
        title: use.title,
        words: use.words,
        published: use.published,
        recipient,
        recipient_name: recipients[recipient] ?? recipient,
        retention_days: use.retention_days,
        on: false,
      })),
    ),
  );
}
