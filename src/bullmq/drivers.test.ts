import { RedisConnection } from "bullmq";
import { afterEach, expect, test } from "vitest";
import { requireDriver } from "./drivers.ts";

afterEach(() => {
  RedisConnection.clientFactory = undefined as never;
});

function notInstalled(packageName: string): never {
  throw new Error(`Cannot find module '${packageName}'`);
}

test.each([
  ["ioredis", "Redis"],
  ["pg", "PostgreSQL"],
] as const)("without %s, a connection to %s says what to install", (packageName, server) => {
  const message = `The connection needs ${server}, and the package ${packageName} is not installed: npm install ${packageName}`;
  expect(() => requireDriver(packageName, notInstalled)).toThrow(
    expect.objectContaining({ code: "BULLMQ_DRIVER_MISSING", message }),
  );
});

test("a client factory of the user's own needs no ioredis", () => {
  RedisConnection.clientFactory = () => ({}) as never;
  expect(() => requireDriver("ioredis", notInstalled)).not.toThrow();
});

test("what is installed is found beside bullmq, and looked for once", () => {
  requireDriver("ioredis");
  requireDriver("pg");
  expect(() => requireDriver("pg", notInstalled)).not.toThrow();
});
