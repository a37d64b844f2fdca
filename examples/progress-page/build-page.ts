import { fileURLToPath } from "node:url";
import { build } from "vite";

/** Builds the page into a folder, as any React page is. */
export async function buildPage(folder: string): Promise<void> {
  await build({
    root: fileURLToPath(new URL("page", import.meta.url)),
    configFile: false,
    logLevel: "warn",
    build: { outDir: folder, emptyOutDir: true },
  });
}
