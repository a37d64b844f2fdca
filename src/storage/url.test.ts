import { resolve } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { parseStoreUrl } from "./url.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  ["file:jobs.db", resolve("jobs.db")],
  ["file:data/jobs.db", resolve("data/jobs.db")],
  ["file:./data/../jobs.db", resolve("jobs.db")],
  ["file:/var/lib/jobs.db", "/var/lib/jobs.db"],
  ["file:///var/lib/my%20jobs.db", "/var/lib/my jobs.db"],
  ["file:my jobs.db", resolve("my jobs.db")],
  ["FILE:jobs.db", resolve("jobs.db")],
  [":memory:", ":memory:"],
  ["file::memory:", ":memory:"],
])("%s is the file %s", (url, path) => {
  expect(parseStoreUrl(url)).toEqual({ kind: "sqlite", path });
});

test.each([
  ["redis://localhost:6379/1", "redis"],
  ["rediss://user:pass@example.org", "redis"],
  ["postgres://localhost/app", "postgres"],
  ["postgresql://localhost/app", "postgres"],
])("%s is a %s server", (url, kind) => {
  expect(parseStoreUrl(url)).toEqual({ kind, url });
});

test("without a URL, LONGHAUL_URL counts, and then the default file", () => {
  vi.stubEnv("LONGHAUL_URL", "file:/srv/other.db");
  expect(parseStoreUrl()).toEqual({ kind: "sqlite", path: "/srv/other.db" });
  vi.stubEnv("LONGHAUL_URL", "");
  expect(parseStoreUrl()).toEqual({ kind: "sqlite", path: resolve(".longhaul/longhaul.db") });
});

test.each([
  ["", "it has no scheme"],
  ["jobs.db", "it has no scheme"],
  ["C:\\jobs.db", "it has no scheme"],
  ["mysql://localhost/app", "mysql: is unknown"],
  ["file:", "it names no file"],
  ["file:jobs.db?mode=ro", "options go into the code, not behind ? or #"],
  ["file://server/share/jobs.db", "a file:// URL needs an absolute path and no host"],
])("refuses %j: %s", (url, reason) => {
  expect(() => parseStoreUrl(url)).toThrow(
    expect.objectContaining({
      code: "STORE_BAD_URL",
      message: `${url} is no store URL: ${reason}`,
    }),
  );
});

test("keeps passwords out of the message", () => {
  expect(() => parseStoreUrl("mysql://root:secret@db/app")).toThrow("mysql://***@db/app");
});
