import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { afterAll } from "vitest";
import { testIdiom } from "./suite.ts";

/** One address for every place it is needed; scripts/services/with-services.mjs sets them. */
function serverUrl(variable: "REDIS_URL" | "POSTGRES_URL"): string {
  const url = process.env[variable];
  if (url) return url;
  throw new Error(`${variable} is not set; run this with: npm test`);
}

const folder = mkdtempSync(join(tmpdir(), "longhaul-compat-"));
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
afterAll(async () => {
  for (const close of closing) await close();
});

testIdiom({ name: "a SQLite file", connection: () => `file:${join(folder, "jobs.db")}` });
testIdiom({
  name: "a SQLite file with relaxed durability",
  connection: () => ({ url: `file:${join(folder, "relaxed.db")}`, durability: "relaxed" }),
});

const redisUrl = serverUrl("REDIS_URL");
const { hostname: host, port } = new URL(redisUrl);
const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
closing.push(() => redis.quit());
testIdiom({ name: "a Redis URL", connection: () => redisUrl });
testIdiom({ name: "ioredis options", connection: () => ({ host, port: Number(port) }) });
testIdiom({ name: "an ioredis client", connection: () => redis });
const plainRedis = new Redis(redisUrl);
closing.push(() => plainRedis.quit());
testIdiom({ name: "an ioredis client with its default options", connection: () => plainRedis });

const postgresUrl = serverUrl("POSTGRES_URL");
const pool = new pg.Pool({
  connectionString: postgresUrl,
  max: 20,
  options: "-c search_path=bullmq",
});
// BullMQ leaves a listener on a pool for every backend.
pool.setMaxListeners(0);
closing.push(() => pool.end());
testIdiom({ name: "a PostgreSQL URL", connection: () => postgresUrl });
// After the URL, which makes the tables: BullMQ never migrates through a pool it was given.
testIdiom({ name: "a pg pool", connection: () => pool });
