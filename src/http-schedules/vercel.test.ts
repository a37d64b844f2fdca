import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { hookServer } from "../../test/support/hook-server.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { createTestRuntime } from "../testing/test-runtime.ts";
import { vercelCrons, type VercelCronsOptions } from "./vercel.ts";

afterEach(() => vi.unstubAllEnvs());

function writeConfig(content: string): string {
  const file = join(tempFolder(), "vercel.json");
  writeFileSync(file, content);
  return file;
}

test("the crons of a file are called as Vercel calls them", async () => {
  vi.stubEnv("CRON_SECRET", "c0rrect-horse");
  const server = await hookServer(() => 500);
  const file = writeConfig(
    JSON.stringify({
      $schema: "https://openapi.vercel.sh/vercel.json",
      regions: ["fra1"],
      crons: [
        { path: "/api/cron/daily", schedule: "0 5 * * *" },
        { path: "/api/cron/daily", schedule: "30 6 * * *" },
        { path: "/api/cron?full=1", schedule: "*/30 * * * *" },
      ],
    }),
  );
  const functions = vercelCrons({ file, baseUrl: `${server.url}/app/` });
  expect(functions.map(({ id }) => id)).toEqual([
    "http-vercel-api-cron-daily",
    "http-vercel-api-cron-full-1",
  ]);
  const runtime = await createTestRuntime({ functions });
  onTestFinished(() => runtime.close());
  await runtime.advance("7h");
  const paths = server.received.map(({ path }) => path);
  expect(paths.filter((path) => path === "/app/api/cron/daily")).toHaveLength(2);
  // Not tried again, though it fails.
  expect(paths.filter((path) => path === "/app/api/cron?full=1")).toHaveLength(14);
  for (const { method, headers } of server.received) {
    expect(method).toBe("GET");
    expect(headers["user-agent"]).toBe("vercel-cron/1.0");
    expect(headers.authorization).toBe("Bearer c0rrect-horse");
  }
});

test("without a secret there is no header, and more attempts can be asked for", async () => {
  vi.stubEnv("CRON_SECRET", undefined);
  const server = await hookServer((_, index) => (index === 0 ? 500 : 200));
  const config = { crons: [{ path: "/a", schedule: "0 * * * *" }] };
  const functions = vercelCrons({ config, baseUrl: server.url, attempts: 2 });
  const runtime = await createTestRuntime({ functions });
  onTestFinished(() => runtime.close());
  await runtime.advance("1h10s");
  expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
    undefined,
    undefined,
  ]);
});

test("paths that differ only in their signs are different functions; a file needs no crons", () => {
  const schedule = "0 0 * * *";
  const crons = [
    { path: "/a/b", schedule },
    { path: "/a-b", schedule },
  ];
  const ids = vercelCrons({ config: { crons }, baseUrl: "https://example.com" });
  expect(ids.map(({ id }) => id)).toEqual(["http-vercel-a-b", "http-vercel-a-b-2"]);
  expect(vercelCrons({ config: {}, baseUrl: "https://example.com" })).toEqual([]);
});

test.each([
  ["not json", "{", /cannot be taken as vercel.json: .*JSON/],
  ["an array", "[]", /it is no JSON object/],
  ["crons of another kind", '{"crons":{}}', /crons is no array/],
  ["a cron of another kind", '{"crons":[1]}', /crons\[0\] is no object/],
  ["no path", '{"crons":[{"schedule":"* * * * *"}]}', /crons\[0\].path has to begin with \//],
  ["a path of another host", '{"crons":[{"path":"https://x","schedule":"* * * * *"}]}', /path/],
  ["six fields", '{"crons":[{"path":"/a","schedule":"* * * * * *"}]}', /five fields/],
  ["names of days", '{"crons":[{"path":"/a","schedule":"0 0 * * MON"}]}', /five fields/],
  ["both days", '{"crons":[{"path":"/a","schedule":"0 0 1 * 1"}]}', /one of them has to be \*/],
  ["a field more", '{"crons":[{"path":"/a","schedule":"* * * * *","tz":"x"}]}', /has tz/],
])("refuses a file with %s", (_, content, reason) => {
  const file = writeConfig(content);
  expect(() => vercelCrons({ file, baseUrl: "https://example.com" })).toThrow(
    expect.objectContaining({
      code: "HTTP_SCHEDULE_BAD_FILE",
      message: expect.stringMatching(reason),
    }),
  );
});

test("refuses a file that is not there, hours there are not, a bad base and a bad secret", () => {
  const file = join(tempFolder(), "vercel.json");
  expect(() => vercelCrons({ file, baseUrl: "https://example.com" })).toThrow(/ENOENT/);
  const config = { crons: [{ path: "/a", schedule: "0 0 * * *" }] };
  const make = (options: Partial<VercelCronsOptions>) => () =>
    vercelCrons({ config, baseUrl: "https://example.com", ...options });
  expect(make({ config: { crons: [{ path: "/a", schedule: "0 25 * * *" }] } })).toThrow(
    expect.objectContaining({ code: "HTTP_SCHEDULE_BAD_OPTION" }),
  );
  expect(make({ baseUrl: "/here" })).toThrow("baseUrl has to be");
  expect(make({ secret: "two words" })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("two words") }),
  );
});
