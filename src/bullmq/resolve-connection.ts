import { isPgPool, isRedisInstance } from "bullmq";
import type * as bullmq from "bullmq";
import { LonghaulError } from "../core/errors.ts";
import { sqliteOptionNames } from "../queue/index.ts";
import type { SqliteConnectionOptions } from "./types.ts";

/** A `connection` option, sorted by the backend that understands it. */
export type ResolvedConnection =
  | { readonly kind: "sqlite"; readonly connection: string | SqliteConnectionOptions | undefined }
  | { readonly kind: "redis"; readonly connection: bullmq.ConnectionOptions }
  | { readonly kind: "postgres"; readonly connection: bullmq.PostgresConnectionOptions };

type Kind = ResolvedConnection["kind"];
type Shape = Readonly<Record<string, unknown>>;

const kindOfScheme: Readonly<Record<string, Kind>> = {
  file: "sqlite",
  redis: "redis",
  rediss: "redis",
  postgres: "postgres",
  postgresql: "postgres",
};

/** One of these says that an object without a `url` is meant for pg: ioredis knows none of them. */
const postgresMarks = ["connectionString", "database", "user", "ssl", "schema", "migrate"];

/** One of these says that an object without a `url` is meant for ioredis. */
const redisMarks = [
  ...["host", "port", "path", "db", "username", "password", "family", "tls", "keyPrefix"],
  ...["sentinels", "name", "role", "redisOptions", "scaleReads", "natMap", "connectionName"],
  ...["maxRetriesPerRequest", "retryStrategy", "reconnectOnError", "enableReadyCheck"],
  ...["enableOfflineQueue", "lazyConnect", "connectTimeout", "commandTimeout", "keepAlive"],
];

/**
 * Says which store a `connection` option means. Nothing is opened.
 *
 * An empty object means the same as none: BullMQ itself puts it where its caller gave no options.
 *
 * @throws {LonghaulError} BULLMQ_BAD_CONNECTION if it is nothing that Longhaul knows.
 */
export function resolveConnection(
  connection: unknown,
  defaultUrl: string | undefined = process.env.LONGHAUL_URL || undefined,
): ResolvedConnection {
  if (isNothing(connection)) {
    return defaultUrl === undefined
      ? { kind: "sqlite", connection: undefined }
      : fromUrl(defaultUrl, "LONGHAUL_URL");
  }
  if (typeof connection === "string") return fromUrl(connection, "connection");
  if (typeof connection !== "object" || Array.isArray(connection)) {
    throw badConnection(
      `it is ${Array.isArray(connection) ? "an array" : `a ${typeof connection}`}`,
    );
  }
  // A pool also has connect(), so it is looked at first.
  if (isPgPool(connection)) return { kind: "postgres", connection };
  if (isRedisInstance(connection)) return { kind: "redis", connection };
  return fromObject(connection as Shape, defaultUrl);
}

function isNothing(connection: unknown): boolean {
  if (connection === undefined || connection === null) return true;
  return (
    typeof connection === "object" &&
    Object.getPrototypeOf(connection) === Object.prototype &&
    Object.keys(connection).length === 0
  );
}

function fromUrl(url: string, source: string): ResolvedConnection {
  switch (kindOfUrl(url, source)) {
    case "sqlite":
      return { kind: "sqlite", connection: url };
    case "redis":
      return { kind: "redis", connection: { url } };
    case "postgres":
      return { kind: "postgres", connection: { connectionString: url, migrate: true } };
  }
}

function fromObject(object: Shape, defaultUrl: string | undefined): ResolvedConnection {
  if ("url" in object) return fromObjectWithUrl(object);
  const keys = Object.keys(object);
  if (
    keys.some((key) => postgresMarks.includes(key)) &&
    !keys.every((key) => sqliteOptionNames.has(key))
  ) {
    return { kind: "postgres", connection: object as bullmq.PostgresPoolConfig };
  }
  if (keys.some((key) => redisMarks.includes(key))) {
    return { kind: "redis", connection: object as bullmq.ConnectionOptions };
  }
  if (keys.every((key) => sqliteOptionNames.has(key))) {
    if (defaultUrl === undefined) return { kind: "sqlite", connection: sqliteOptions(object) };
    return fromObjectWithUrl({ ...object, url: defaultUrl });
  }
  throw badConnection(`nothing in an object with ${list(keys)} says which store is meant`);
}

function fromObjectWithUrl(object: Shape): ResolvedConnection {
  const { url, ...rest } = object;
  if (typeof url !== "string") {
    throw badConnection(`its url is ${url === null ? "null" : typeof url}; is the variable set?`);
  }
  const kind = kindOfUrl(url, "connection.url");
  if (kind === "sqlite") return { kind, connection: sqliteOptions(object) };
  if ("durability" in rest) {
    throw badConnection(
      "durability is the choice of a SQLite file; servers have their own settings",
    );
  }
  if (kind === "redis") return { kind, connection: { ...rest, url } };
  return { kind, connection: { connectionString: url, migrate: true, ...rest } };
}

function sqliteOptions(object: Shape): SqliteConnectionOptions {
  const unknown = Object.keys(object).filter((key) => !sqliteOptionNames.has(key));
  if (unknown.length > 0) {
    throw badConnection(
      `a SQLite file has no option ${list(unknown)}, only ${list([...sqliteOptionNames])}`,
    );
  }
  const { durability } = object;
  if (durability !== undefined && durability !== "full" && durability !== "relaxed") {
    throw badConnection(`durability is "full" or "relaxed", not ${JSON.stringify(durability)}`);
  }
  return object;
}

function kindOfUrl(url: string, source: string): Kind {
  if (url === ":memory:") return "sqlite";
  if (url.trim() === "") throw badConnection(`${source} is an empty string; is the variable set?`);
  // Of a URL only the scheme is shown: the rest may hold a password.
  const scheme = /^([a-z][a-z\d+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    throw badConnection(
      `${source} has no scheme; write file: in front of the path of a SQLite file`,
    );
  }
  const kind = kindOfScheme[scheme];
  if (kind === undefined) throw badConnection(`${source} begins with ${scheme}:`);
  return kind;
}

function list(words: readonly string[]): string {
  return words.join(", ");
}

function badConnection(reason: string): LonghaulError {
  return new LonghaulError("BULLMQ_BAD_CONNECTION", { reason });
}
