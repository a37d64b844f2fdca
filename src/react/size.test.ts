import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

/** Bytes of the hooks as a page loads them, gzipped, without React. */
async function sizeOf(isExternal: (id: string) => boolean): Promise<number> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      lib: {
        entry: fileURLToPath(new URL("index.ts", import.meta.url)),
        formats: ["iife"],
        name: "hooks",
      },
      rolldownOptions: { external: isExternal },
    },
  });
  const outputs = Array.isArray(built) ? built.flatMap(({ output }) => output) : [];
  const [chunk] = outputs;
  if (chunk?.type !== "chunk") throw new Error("nothing was built");
  return gzipSync(chunk.code).length;
}

const isReact = (id: string): boolean => /^react(\/|$)/.test(id);

test("the hooks are small: 4 KB, and 8.5 KB with the connection that they share with all else", async () => {
  expect(await sizeOf((id) => isReact(id) || id.includes("client/"))).toBeLessThan(4_000);
  expect(await sizeOf(isReact)).toBeLessThan(8_500);
}, 60_000);
