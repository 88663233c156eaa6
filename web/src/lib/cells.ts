/** Cells: what is shared, what for, with whom. Each has a switch of its own. */

export interface Cell {
  category: string;
  category_title: string;
  purpose: string;
  title: string;
  words: string;
  published: string;
  recipient: string;
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

/** What the house calls a cell. */
export function named({ category, purpose, recipient }: Cell) {
  return { category, purpose, recipient };
}

/** The same as one word, for keys and ids. */
export function idOf({ category, purpose, recipient }: Cell): string {
  return `${purpose}--${category}--${recipient}`.replaceAll(/[^\w-]/g, "-");
}
