import { Cluster, Redis } from "ioredis";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { resolveConnection } from "./resolve-connection.ts";

const none = undefined;

describe("nothing", () => {
  test.each([[undefined], [null], [{}]])("%j means the default file", (connection) => {
    expect(resolveConnection(connection, none)).toEqual({ kind: "sqlite", connection: undefined });
  });

  test.each([
    ["file:a.db", "sqlite"],
    ["redis://localhost", "redis"],
    ["postgres://localhost/a", "postgres"],
  ])("means LONGHAUL_URL=%s where that is set", (url, kind) => {
    expect(resolveConnection(undefined, url).kind).toBe(kind);
  });
});

describe("URLs", () => {
  test.each([["file:jobs.db"], ["file:///var/jobs.db"], [":memory:"]])("%s is SQLite", (url) => {
    expect(resolveConnection(url, none)).toEqual({ kind: "sqlite", connection: url });
  });

  test.each([["redis://localhost:6380/2"], ["rediss://ada:secret@cache.example.org"]])(
    "%s is Redis, and ioredis reads it",
    (url) => {
      expect(resolveConnection(url, none)).toEqual({ kind: "redis", connection: { url } });
    },
  );

  test.each([["postgres://localhost/jobs"], ["postgresql://ada@localhost/jobs"]])(
    "%s is PostgreSQL, with its tables made on the first start",
    (url) => {
      const connection = { connectionString: url, migrate: true };
      expect(resolveConnection(url, none)).toEqual({ kind: "postgres", connection });
    },
  );

  test("may stand in an object beside options of their store", () => {
    expect(resolveConnection({ url: "file:a.db", durability: "relaxed" }, none)).toEqual({
      kind: "sqlite",
      connection: { url: "file:a.db", durability: "relaxed" },
    });
    expect(resolveConnection({ url: "redis://a", connectTimeout: 5 }, none)).toEqual({
      kind: "redis",
      connection: { url: "redis://a", connectTimeout: 5 },
    });
    expect(
      resolveConnection({ url: "postgres://a/b", schema: "jobs", migrate: false }, none),
    ).toEqual({
      kind: "postgres",
      connection: { connectionString: "postgres://a/b", schema: "jobs", migrate: false },
    });
  });
});

describe("options without a URL", () => {
  test.each([
    [{ host: "localhost", port: 6379, password: "secret" }],
    [{ maxRetriesPerRequest: null }],
    [{ sentinels: [{ host: "a", port: 1 }], name: "master" }],
  ])("%j are ioredis's", (connection) => {
    expect(resolveConnection(connection, none)).toEqual({ kind: "redis", connection });
  });

  test.each([[{ host: "localhost", database: "jobs" }], [{ connectionString: "postgres://a/b" }]])(
    "%j are pg's",
    (connection) => {
      expect(resolveConnection(connection, none)).toEqual({ kind: "postgres", connection });
    },
  );

  test("of SQLite go with the default store", () => {
    const connection = { durability: "relaxed" };
    expect(resolveConnection(connection, none)).toEqual({ kind: "sqlite", connection });
    expect(resolveConnection(connection, "file:b.db")).toEqual({
      kind: "sqlite",
      connection: { url: "file:b.db", durability: "relaxed" },
    });
    expect(() => resolveConnection(connection, "redis://localhost")).toThrow(
      /choice of a SQLite file/,
    );
  });
});

describe("clients", () => {
  test.each([
    ["an ioredis client", new Redis({ lazyConnect: true })],
    ["an ioredis cluster", new Cluster([{ host: "localhost" }], { lazyConnect: true })],
  ])("%s is Redis", (_, client) => {
    expect(resolveConnection(client, none)).toEqual({ kind: "redis", connection: client });
    client.disconnect();
  });

  test("a pg pool is PostgreSQL", async () => {
    const pool = new pg.Pool();
    expect(resolveConnection(pool, none)).toEqual({ kind: "postgres", connection: pool });
    await pool.end();
  });
});

describe("anything else is refused, and the error says what is accepted", () => {
  test.each([
    ["jobs.db", /has no scheme; write file: in front/],
    ["mysql://root:secret@localhost", /begins with mysql:/],
    ["", /empty string; is the variable set\?/],
    [6379, /it is a number/],
    [true, /it is a boolean/],
    [[{ host: "a" }], /it is an array/],
    [() => {}, /it is a function/],
    [{ hots: "localhost" }, /nothing in an object with hots says which store is meant/],
    [{ url: undefined }, /its url is undefined; is the variable set\?/],
    [{ url: 5 }, /its url is number/],
    [{ url: "file:a.db", durability: "fast" }, /durability is "full" or "relaxed", not "fast"/],
    [{ url: "file:a.db", durabilty: "full" }, /no option durabilty, only url, durability, migrate/],
    [
      { durability: "full", host: "a", url: "redis://a" },
      /durability is the choice of a SQLite file/,
    ],
  ])("%j", (connection, message) => {
    const resolve = () => resolveConnection(connection, none);
    expect(resolve).toThrow(message);
    const hint: unknown = expect.stringMatching(/file:path.*redis:.*postgres:.*Pool/);
    expect(resolve).toThrow(expect.objectContaining({ code: "BULLMQ_BAD_CONNECTION", hint }));
  });

  test("without showing a password", () => {
    expect(() => resolveConnection("mysql://root:secret@localhost", none)).not.toThrow(/secret/);
  });
});
