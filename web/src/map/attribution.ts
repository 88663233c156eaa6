/** The attribution as the map shows it: its words as they are, its addresses as links. */

const ESCAPED: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function linked(words: string): string {
  const safe = words.replace(/[&<>"]/g, (sign) => ESCAPED[sign] ?? "").replace("(c)", "©");
  return safe.replace(/https:\/\/[\w./-]+\w/g, (address) => {
    const shown = address.replace("https://www.", "").replace("https://", "");
    return `<a href="${address}" target="_blank" rel="noopener">${shown}</a>`;
  });
}
