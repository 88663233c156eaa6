/** Lead keyboard and screen reader to the top of a page that has become another. */
export function focusTitle(): void {
  document.querySelector<HTMLElement>("h1")?.focus();
}
