import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// One small script a page: only the map page loads the map library.
export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../src/hubbub/outlet/static",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the content policy allows files of this origin, not data: scripts
    chunkSizeWarningLimit: 1200,
    license: { fileName: "licences.md" }, // what is built in, and under which terms
    rolldownOptions: {
      input: [
        "index.html",
        "places.html",
        "chat.html",
        "share.html",
        "me.html",
        "notice.html",
        "numbers.html",
      ],
    },
  },
});
