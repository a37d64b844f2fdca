/**
 * A process dies between the effect of a POST and the keeping of its answer. The client sends the request again, with
 * its Idempotency-Key, to the next process: the effect is there once.
 */
import { expect, test } from "vitest";
import { ApiError, createClient, type LonghaulClient } from "../../src/client/index.ts";
import { faultsKit } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";
import type { ServerSetting } from "./programs/server-program.ts";

const kit = faultsKit();
const once = { idempotencyKey: "the-key" };

/** Requests, and how many of what they make there are. */
const effects: Readonly<
  Record<
    string,
    {
      send(client: LonghaulClient): Promise<unknown>;
      count(client: LonghaulClient): Promise<number>;
    }
  >
> = {
  "a job": {
    send: (client) => client.jobs.add({ queue: "mail", body: { name: "a", data: {} } }, once),
    count: async (client) => (await client.jobs.stats({ queue: "mail" })).waiting,
  },
  "many jobs": {
    send: (client) =>
      client.jobs.addBulk(
        { queue: "mail", body: { jobs: [1, 2].map((data) => ({ name: "a", data })) } },
        once,
      ),
    count: async (client) => (await client.jobs.stats({ queue: "mail" })).waiting / 2,
  },
  "an event, and the run that it starts": {
    send: (client) => client.events.send({ body: { name: "wait", data: {} } }, once),
    count: async (client) => (await client.runs.list()).data.length,
  },
  "a run": {
    send: (client) => client.functions.invoke({ functionId: "app-waiter", body: {} }, once),
    count: async (client) => (await client.runs.list()).data.length,
  },
  "a task by its name": {
    send: (client) => client.taskRuns.start({ body: { task: "app-waiter" } }, once),
    count: async (client) => (await client.runs.list()).data.length,
  },
  "a schedule": {
    send: (client) =>
      client.schedules.create({ body: { functionId: "app-waiter", cron: "0 0 * * *" } }, once),
    count: async (client) =>
      (await client.schedules.list()).data.filter(({ type }) => type === "made").length,
  },
};

test.each(Object.entries(effects))("%s", async (_, { send, count }) => {
  const place = kit.place();
  const setting: ServerSetting = {
    ...{ url: place.connection, ledger: place.ledger, name: "one", concurrency: 0, graceMs: 1_000 },
  };
  const start = async (aheadMs: number, env: Record<string, string> = {}) => {
    const child = new Child("server-program", { ...setting, aheadMs }, { env });
    const baseUrl = (await child.next("ready"))["url"] as string;
    return { child, client: createClient({ baseUrl, retries: 0 }) };
  };
  const first = await start(0, { LONGHAUL_CRASH_AT: "idempotency:keep:before-commit" });
  await expect(send(first.client)).rejects.toThrow(TypeError);
  expect(await first.child.end()).toEqual({ code: null, signal: "SIGKILL" });

  // Somebody may still be at it, for all that the next process knows.
  const early = await start(0);
  await expect(send(early.client)).rejects.toMatchObject({ code: "SERVER_IDEMPOTENCY_BUSY" });
  await early.child.kill();

  const second = await start(60_000);
  const answer = await send(second.client);
  expect(await count(second.client)).toBe(1);
  expect(await send(second.client)).toEqual(answer);
  expect(await count(second.client)).toBe(1);
  const other = second.client.events.send({ body: { name: "other" } }, once);
  await expect(other).rejects.toBeInstanceOf(ApiError);
});
