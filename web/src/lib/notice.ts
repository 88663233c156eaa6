/** The notice in force, typed as `src/hubbub/deal/notice.py` writes it. */

import { answerTo } from "./api";
import type { Cell } from "./cells";

export interface ToldCategory {
  category: string;
  title: string;
  words: string;
  source: string;
  owner: string;
  retention_days: number;
}

export interface Use {
  purpose: string;
  title: string;
  words: string;
  published: string;
  categories: string[];
  recipients: string[];
  legal_basis: string;
  fit_for_minors: boolean;
}

export interface ToldRecipient {
  recipient: string;
  name: string;
  kind: "own" | "group" | "partner";
  contact: string;
  transfer: { countries: string[]; safeguard: string } | null;
}

export interface Region {
  region: string;
  name: string;
  law: string;
  legal_bases: Record<string, { dpv: string; words: string }>;
  authority: { name: string; contact: string };
  adult_from_years: number;
  special: string[];
}

export interface Notice {
  version: number;
  language: string;
  region: Region;
  title: string;
  operator: {
    name: string;
    contact: string;
    protection_officer: string | null;
    representative: string | null;
  };
  categories: ToldCategory[];
  uses: Use[];
  recipients: ToldRecipient[];
  rights: Record<string, string>;
  obligation: string;
  condition_of_service: boolean;
  automated_decisions: string;
  legitimate_interests: string;
  limits: string;
}

/** A notice, and the hash that it is named by. */
export interface Published {
  notice: Notice;
  sha256: string;
}

/** Fetch a notice by its version, or the one in force. */
export async function fetchNotice(version?: number): Promise<Published> {
  const answer = await answerTo(version === undefined ? "/v1/notice" : `/v1/notices/${version}`);
  const sha256 = (answer.headers.get("etag") ?? "").replaceAll(/^W\/|"/g, "");
  return { notice: (await answer.json()) as Notice, sha256 };
}

/** What is said of one category. */
export function categoryOf({ categories }: Notice, key: string): ToldCategory {
  return categories.find(({ category }) => category === key)!;
}

/** What is said of one recipient. */
export function recipientOf({ recipients }: Notice, key: string): ToldRecipient {
  return recipients.find(({ recipient }) => recipient === key)!;
}

export interface NoticeCell extends Cell {
  /** Never agreed to together with others. */
  alone: boolean;
  fit_for_minors: boolean;
}

/** All that may be agreed to under a notice. Nothing is on until it is switched on. */
export function cellsOf(notice: Notice): NoticeCell[] {
  return notice.uses.flatMap((use) =>
    use.categories.flatMap((category) =>
      use.recipients.map((recipient) => ({
        category,
        category_title: categoryOf(notice, category).title,
        purpose: use.purpose,
        title: use.title,
        words: use.words,
        published: use.published,
        recipient,
        recipient_name: recipientOf(notice, recipient).name,
        retention_days: categoryOf(notice, category).retention_days,
        on: false,
        alone: notice.region.special.includes(category),
        fit_for_minors: use.fit_for_minors,
      })),
    ),
  );
}
