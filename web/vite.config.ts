import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// Every supported browser reads woff2, so KaTeX's woff and ttf fonts are left out.
function woff2Only(): Plugin {
  return {
    name: "woff2-only",
    enforce: "pre",
    transform(code, id) {
      if (!/katex[^?]*\.css/.test(id)) return null;
      return { code: code.replace(/,\s*url\([^)]+\.(?:woff|ttf)\)\s*format\([^)]+\)/g, ""), map: null };
    },
  };
}

const server = process.env["PARLEY_SERVER"] ?? "http://localhost:5080";

export default defineConfig({
  plugins: [woff2Only(), react()],
  build: {
    outDir: process.env["WEBUI_OUT"] ?? "dist",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy allows no data: fonts.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  server: { proxy: { "/api": server } },
  preview: { proxy: { "/api": server } },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}", "dev/**/*.test.mjs"] },
});
