/** The kinds of places: how each is called, coloured and drawn. */

import type { Theme } from "../lib/theme.svelte";

export type Category = keyof typeof CATEGORIES;

interface Kind {
  one: string;
  many: string;
  group: keyof typeof GROUP_COLOURS;
  /** Lines in a box of 24 by 24. */
  glyph: string;
  /** What is shown first where there is no room for all: the lower the sooner. */
  rank: number;
}

/** White lines are readable on each of them, in either light. */
export const GROUP_COLOURS = {
  eat: { light: "#b8480b", dark: "#c9581b" },
  buy: { light: "#2b5fc0", dark: "#3f74d6" },
  care: { light: "#bd2c48", dark: "#cf4560" },
  see: { light: "#743bab", dark: "#8b54c2" },
  green: { light: "#2b7439", dark: "#358545" },
  stay: { light: "#a03178", dark: "#b54a8e" },
  go: { light: "#17657f", dark: "#2a7b96" },
  do: { light: "#5a656f", dark: "#69757f" },
} satisfies Record<string, Record<Theme, string>>;

/** What is closed is grey, whatever it is. */
export const PALE: Record<Theme, string> = { light: "#8d949b", dark: "#5b646d" };

export const LEVEL_COLOURS = {
  busier: { light: "#d9480f", dark: "#ff7a3d" },
  usual: { light: "#7d8790", dark: "#98a3ad" },
  quieter: { light: "#1a9c86", dark: "#35b8b4" },
} satisfies Record<string, Record<Theme, string>>;

export const CATEGORIES = {
  restaurant: kind("Restaurant", "eat", 3, "M7 3v5a3 3 0 0 0 6 0V3M10 3v18M17.5 3c-2 2.5-2.6 6-2.2 9h2.2M17.5 3v18"),
  cafe: kind("Café", "eat", 3, "M5 9h11v6a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4zM16 10.5h1.5a2.5 2.5 0 0 1 0 5H16M8.5 3.5V6M12.5 3.5V6"),
  bar: kind("Bar", "eat", 4, "M5 4h14l-7 8zM12 12v8M8 20h8"),
  "fast food": kind("Fast food", "eat", 4, "M4 10.5a8 6.5 0 0 1 16 0zM4 14.2h16M5 17.6h14a3 3 0 0 1-3 2.4H8a3 3 0 0 1-3-2.4z", "Fast food"),
  groceries: kind("Groceries", "buy", 2, "M4 10h16l-1.8 9.5H5.8zM8.5 10l3-6M15.5 10l-3-6", "Groceries"),
  shop: kind("Shop", "buy", 5, "M6 8h12l1 12H5zM9 11V7a3 3 0 0 1 6 0v4"),
  pharmacy: kind("Pharmacy", "care", 2, "M9.5 4h5v5.5H20v5h-5.5V20h-5v-5.5H4v-5h5.5z", "Pharmacies"),
  health: kind("Health", "care", 3, "M12 20C5 15 3.5 11.5 3.5 9A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 8.5 2c0 2.5-1.5 6-8.5 11z", "Health"),
  culture: kind("Culture", "see", 1, "M4 9l8-5 8 5zM6 12v6M10 12v6M14 12v6M18 12v6M4 20.5h16", "Culture"),
  sport: kind("Sport", "green", 3, "M3.5 9v6M6.5 6.5v11M6.5 12h11M17.5 6.5v11M20.5 9v6", "Sport"),
  park: kind("Park", "green", 2, "M12 15.5c-4 0-6-2.5-6-6a6 6 0 0 1 12 0c0 3.5-2 6-6 6zM12 10v11"),
  hotel: kind("Hotel", "stay", 4, "M3.5 5v14M3.5 16.5h17V19M20.5 16.5v-2.5a4 4 0 0 0-4-4H11v6.5M7.2 13.5a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z"),
  transport: kind("Transport", "go", 2, "M5 5.5a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v12H5zM5 12h14M7.5 17.5v3M16.5 17.5v3M8.6 14.8h.01M15.4 14.8h.01", "Transport"),
  worship: kind("Worship", "see", 3, "M9 11h6v9H9zM12 8.5c-1.7-1-1.9-2.8 0-5.2 1.9 2.4 1.7 4.2 0 5.2zM6 20.5h12", "Worship"),
  education: kind("Education", "see", 3, "M2.5 9.5L12 5l9.5 4.5L12 14zM6.5 11.7v4.8c3 2.4 8 2.4 11 0v-4.8", "Education"),
  "public service": kind("Public service", "do", 3, "M5 20.5V10h14v10.5M3.5 20.5h17M12 10V3.5l5 1.7-5 1.8M10 20.5v-5h4v5"),
  service: kind("Service", "do", 6, "M8.5 8.2L20 19M8.5 15.8L20 5M6.3 9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6.3 20a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"),
  office: kind("Office", "do", 8, "M4 8h16v11H4zM9 8V5h6v3M4 13h16"),
} as const;

export const CATEGORY_NAMES = Object.keys(CATEGORIES) as Category[];

export function colourOf(category: Category, theme: Theme): string {
  return GROUP_COLOURS[CATEGORIES[category].group][theme];
}

function kind(one: string, group: Kind["group"], rank: number, glyph: string, many = `${one}s`): Kind {
  return { one, many, group, rank, glyph };
}
