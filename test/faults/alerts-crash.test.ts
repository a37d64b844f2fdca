/**
 * A process that sends alerts is killed around each of its commits, and around the sending itself. The next one sends
 * what is left: nothing is lost, and what may have arrived is sent under the same id.
 */
import { afterEach, expect, test } from "vitest";
import { type HookServer, hookServer } from "../support/hook-server.ts";
import { faultsKit, Queue } from "./queue-kit.ts";
import { Child, endAll } from "./queue-processes.ts";

const kit = faultsKit();
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

afterEach(endAll);

const idsOf = ({ received }: HookServer): unknown[] =>
  received.map(({ headers }) => headers["webhook-id"]);

test.each([
  ["alert:evaluate:before-commit", 1],
  ["alert:evaluate:after-commit", 1],
  ["alert:claim:before-commit", 1],
  ["alert:claim:after-commit", 1],
  ["alerts:before-send", 1],
  ["alerts:after-send", 2],
  ["alert:sent:before-commit", 2],
  ["alert:sent:after-commit", 1],
])("killed at %s: it arrives %i times, under one id", async (place, times) => {
  const { connection } = kit.place();
  const queue = kit.closing(new Queue("mail", { connection }));
  await queue.add("m", {});
  const server = await hookServer();
  const setting = { connection, url: server.url, secret: SECRET };
  const killed = new Child("alerts-sender", setting, { env: { LONGHAUL_CRASH_AT: place } });
  expect(await killed.end()).toEqual({ code: null, signal: "SIGKILL" });

  for (let n = 0; n < 2; n++) {
    const next = new Child("alerts-sender", setting);
    while (server.received.length < times) await server.next();
    next.send({ type: "close" });
    expect((await next.end()).code).toBe(0);
  }
  expect(idsOf(server)).toHaveLength(times);
  expect(new Set(idsOf(server)).size).toBe(1);
});

test("three processes on one file say an alert once", async () => {
  const { connection } = kit.place();
  const queue = kit.closing(new Queue("mail", { connection }));
  await queue.add("m", {});
  const server = await hookServer();
  const setting = { connection, url: server.url, secret: SECRET };
  const children = [1, 2, 3].map(() => new Child("alerts-sender", setting));
  await server.next();
  for (const child of children) child.send({ type: "close" });
  for (const child of children) expect((await child.end()).code).toBe(0);
  expect(idsOf(server)).toHaveLength(1);
});
