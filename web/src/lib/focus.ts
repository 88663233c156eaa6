import { tick } from "svelte";

/** Lead keyboard and screen reader to the top of a page that has become another. */
export function focusTitle(): void {
  document.querySelector<HTMLElement>("h1")?.focus();
}

/** Lead them back to where they came from: to the link that was followed, or else to the map. */
export async function focusLinkTo(address: string): Promise<void> {
  await tick();
  const links = [...document.querySelectorAll<HTMLElement>("a[href]")];
  const followed = links.find((link) => link.getAttribute("href") === address);
  (followed ?? document.querySelector<HTMLElement>(".maplibregl-canvas"))?.focus({ preventScroll: !followed });
}
