/** The notice in force, typed as `src/hubbub/deal/notice.py` writes it. */

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
  operator: { name: string; contact: string; data_protection_officer: string | null };
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
