import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

/** What a browser would load for some exports of the client: minified, with all that they need. */
async function bundle(names: string): Promise<string> {
  const index = fileURLToPath(new URL("./index.ts", import.meta.url));
  const entry = "/entry.js";
  const result = await build({
    ...{ configFile: false, logLevel: "silent" },
    build: {
      ...{ write: false, minify: true, target: "es2022" },
      lib: { entry, formats: ["es"], fileName: "bundle" },
    },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? entry : null),
        load: (id) => (id === entry ? `export { ${names} } from ${JSON.stringify(index)}` : null),
      },
    ],
  });
  const [{ output }] = result as unknown as [{ output: [{ code: string }] }];
  return output[0].code;
}

test("the client is small, and runs without Node", async () => {
  const code = await bundle("createClient, ApiError");
  expect(gzipSync(code).length).toBeLessThan(6 * 1024);
  expect(code).not.toMatch(/\bimport\b|require\(|\bprocess\b|\bBuffer\b/);
  expect(code).toContain("/queues/:queue");
});
