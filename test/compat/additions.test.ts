import { join } from "node:path";
import { tmpdir } from "node:os";
import { mkdtempSync, rmSync } from "node:fs";
import { afterAll } from "vitest";
import { testAdditions } from "./additions.ts";

const folder = mkdtempSync(join(tmpdir(), "longhaul-compat-"));
afterAll(() => rmSync(folder, { recursive: true }));

testAdditions({ name: "a SQLite file", connection: () => `file:${join(folder, "jobs.db")}` });
testAdditions({ name: "Redis", connection: () => process.env["REDIS_URL"]! });
testAdditions({ name: "PostgreSQL", connection: () => process.env["POSTGRES_URL"]! });
