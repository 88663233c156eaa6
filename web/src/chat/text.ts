/** Text as it was typed, with what looks like an address made one. */

export interface Piece {
  text: string;
  link?: string;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'’”]/g;
const SIGNS_MAX = 3;

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    if (found.index > from) pieces.push({ text: text.slice(from, found.index) });
    pieces.push({ text: found[0], link: found[0] });
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

/** Tell whether there is nothing but a few pictographs: they are shown large. */
export function isOnlySigns(text: string): boolean {
  if (text.length > 30 || !/^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s)+$/u.test(text)) return false;
  if (!/\p{Extended_Pictographic}/u.test(text)) return false;
  return [...new Intl.Segmenter().segment(text.replace(/\s/g, ""))].length <= SIGNS_MAX;
}
