/** Cells: what is shared, what for, with whom. Each has a switch of its own. */

/** A cell as the house names it. */
export interface CellName {
  category: string;
  purpose: string;
  recipient: string;
}

export interface Cell extends CellName {
  category_title: string;
  title: string;
  words: string;
  published: string;
  recipient_name: string;
  /** Null: the notice in force says nothing of it any more. */
  retention_days: number | null;
  on: boolean;
}

/** The cells of one purpose, which is told about once. */
export type Use<Shown extends Cell> = [Shown, ...Shown[]];

export function byPurpose<Shown extends Cell>(cells: readonly Shown[]): Use<Shown>[] {
  const uses = new Map<string, Use<Shown>>();
  for (const cell of cells) {
    const use = uses.get(cell.purpose);
    if (use) use.push(cell);
    else uses.set(cell.purpose, [cell]);
  }
  return [...uses.values()];
}

export function named({ category, purpose, recipient }: Cell): CellName {
  return { category, purpose, recipient };
}

/** The name as one word, for keys and ids. */
export function idOf({ category, purpose, recipient }: CellName): string {
  return `${purpose}--${category}--${recipient}`.replaceAll(/[^\w-]/g, "-");
}
