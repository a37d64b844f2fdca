import { expect, test } from "vitest";
import { defaultConnection } from "./connection.ts";

test("Redis is meant by REDIS_HOST, with or without the other two", () => {
  expect(defaultConnection({ REDIS_HOST: "cache" })).toEqual({ host: "cache", port: 6379 });
  expect(
    defaultConnection({ REDIS_HOST: "cache", REDIS_PORT: "6380", REDIS_PASSWORD: "secret" }),
  ).toEqual({ host: "cache", port: 6380, password: "secret" });
});

test.each([
  [{}],
  [{ REDIS_PORT: "6379", REDIS_PASSWORD: "secret" }],
  [{ REDIS_HOST: "" }],
  [{ REDIS_HOST: "cache", LONGHAUL_URL: "file:jobs.db" }],
])("and by nothing else: %j", (env) => {
  expect(defaultConnection(env)).toBeUndefined();
});

test.each(["six", "0", "70000", "1.5"])("a REDIS_PORT of %s is refused", (REDIS_PORT) => {
  expect(() => defaultConnection({ REDIS_HOST: "cache", REDIS_PORT })).toThrow(
    expect.objectContaining({ code: "MANAGER_BAD_OPTION" }),
  );
});
