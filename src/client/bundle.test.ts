import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

/** A module as a browser would load it: minified, with all that it imports. */
async function bundle(module: string): Promise<string> {
  const entry = fileURLToPath(new URL(module, import.meta.url));
  const result = await build({
    ...{ configFile: false, logLevel: "silent" },
    build: {
      ...{ write: false, minify: true, target: "es2022" },
      lib: { entry, formats: ["es"], fileName: "bundle" },
    },
  });
  const [{ output }] = result as unknown as [{ output: [{ code: string }] }];
  return output[0].code;
}

test("the client is small, and runs without Node", async () => {
  const code = await bundle("./index.ts");
  expect(gzipSync(code).length).toBeLessThan(6 * 1024);
  expect(code).not.toMatch(/\bimport\b|require\(|\bprocess\b|\bBuffer\b/);
  expect(code).toContain("/queues/:queue");
});
