import type { AnyInput } from "../../src/client/address.ts";
import type { EndpointId } from "../../src/client/endpoints/index.ts";
import { QUEUE, type World } from "./world.ts";

/** What each endpoint can be asked for with success. Whoever adds a route adds a line. */
type Ask = (world: World) => AnyInput | Promise<AnyInput>;

const nothing: Ask = () => ({});
const inQueue: Ask = () => ({ queue: QUEUE });
/** A queue whose jobs nobody takes. */
const held = async (world: World): Promise<AnyInput> => {
  await world.ask("jobs.add", { queue: "held", body: { name: "a" } });
  return { queue: "held" };
};
const aRun: Ask = (world) => world.run();
const aQueueOfRuns: Ask = async (world) => {
  await world.ask("tasks.trigger", { taskId: "archive", body: {} });
  return { queue: "task/archive" };
};
const anError: Ask = async (world) => {
  await world.failedJob();
  const { data } = await world.ask("errors.list");
  return { fingerprint: data[0].fingerprint };
};
const anOperation: Ask = async (world) => {
  const body = { target: "jobs", action: "retry", filter: { q: "queue:none" } };
  return { operationId: (await world.ask("operations.start", { body })).id };
};

export const contract: Readonly<Record<EndpointId, Ask>> = {
  "audit.list": nothing,
  "batches.get": async (world) => {
    const { batchId } = await world.ask("tasks.batch", { taskId: "resize", body: { items: [{}] } });
    return { batchId };
  },
  "errors.get": anError,
  "errors.ignore": anError,
  "errors.list": nothing,
  "errors.reopen": anError,
  "errors.resolve": anError,
  "events.get": async (world) => {
    const { ids } = await world.ask("events.send", { body: { name: "hello" } });
    return { eventId: ids[0] };
  },
  "events.list": nothing,
  "events.send": () => ({ body: [{ name: "hello", data: { a: 1 } }, { name: "other" }] }),
  "flows.add": () => ({
    body: { name: "parent", queueName: QUEUE, children: [{ name: "child", queueName: QUEUE }] },
  }),
  "functions.get": () => ({ functionId: "app-hello" }),
  "functions.invoke": () => ({ functionId: "app-hello", body: { data: { a: 1 } } }),
  "functions.list": nothing,
  "jobs.add": () => ({ queue: QUEUE, body: { name: "welcome", data: { to: "ada" } } }),
  "jobs.addBulk": () => ({ queue: QUEUE, body: { jobs: [{ name: "a" }, { name: "b" }] } }),
  "jobs.addLog": async (world) => ({ ...(await world.job()), body: { text: "a line" } }),
  "jobs.flow": async (world) => {
    const body = { name: "p", queueName: QUEUE, children: [{ name: "c", queueName: QUEUE }] };
    const { id } = await world.ask("flows.add", { body });
    return world.place(id);
  },
  "jobs.get": (world) => world.failedJob(),
  "jobs.logs": async (world) => {
    const place = await world.job();
    await world.ask("jobs.addLog", { ...place, body: { text: "a line" } });
    return place;
  },
  "jobs.promote": (world) => world.job({ delay: 60_000 }),
  "jobs.remove": (world) => world.job(),
  "jobs.retry": (world) => world.failedJob(),
  "jobs.setData": async (world) => ({ ...(await world.job()), body: { data: { to: "eve" } } }),
  "jobs.setDelay": async (world) => ({
    ...(await world.job({ delay: 60_000 })),
    body: { delayMs: 90_000 },
  }),
  "jobs.setPriority": async (world) => ({ ...(await world.job()), body: { priority: 3 } }),
  "jobs.stats": inQueue,
  "jobs.status": (world) => world.job(),
  "live.open": () => ({ topics: `queue:${QUEUE}` }),
  "live.post": () => ({ body: { topics: [`queue:${QUEUE}`] } }),
  "me.get": nothing,
  "operations.abort": async (world) => {
    // So many that it is not over before it is aborted.
    const jobs = Array.from({ length: 1_000 }, () => ({ name: "many" }));
    await world.ask("jobs.addBulk", { queue: "many", body: { jobs } });
    const body = { target: "jobs", action: "remove", filter: { q: "queue:many" } };
    return { operationId: (await world.ask("operations.start", { body })).id };
  },
  "operations.get": anOperation,
  "operations.list": nothing,
  "operations.start": () => ({
    body: { target: "jobs", action: "retry", filter: { q: "welcome" } },
  }),
  "publicTokens.create": () => ({ body: { scopes: ["read:run:1"] } }),
  "queues.clean": () => ({ queue: QUEUE, body: { state: "completed" } }),
  "queues.drain": async (world) => ({ ...(await held(world)), body: {} }),
  "queues.get": inQueue,
  "queues.jobs": inQueue,
  "queues.list": nothing,
  "queues.obliterate": async (world) => {
    await world.ask("jobs.add", { queue: "gone", body: { name: "a" } });
    return { queue: "gone" };
  },
  "queues.pause": held,
  "queues.promoteAll": held,
  "queues.resume": held,
  "queues.retryAll": async (world) => {
    await world.failedJob();
    return { queue: QUEUE, body: {} };
  },
  "queues.setConcurrency": async (world) => ({
    ...(await held(world)),
    body: { concurrency: 5 },
  }),
  "queues.setRateLimit": async (world) => ({
    ...(await held(world)),
    body: { rateLimit: { max: 5, durationMs: 1_000 } },
  }),
  "queues.throughput": inQueue,
  "runQueues.get": aQueueOfRuns,
  "runQueues.list": nothing,
  "runQueues.override": async (world) => ({ ...(await aQueueOfRuns(world)), body: { limit: 5 } }),
  "runQueues.pause": aQueueOfRuns,
  "runQueues.reset": aQueueOfRuns,
  "runQueues.resume": aQueueOfRuns,
  "runs.addTags": async (world) => ({ ...(await world.laterRun()), body: { tags: ["b"] } }),
  "runs.cancel": async (world) => ({ ...(await world.laterRun()), body: { reason: "late" } }),
  "runs.get": aRun,
  "runs.list": nothing,
  "runs.logs": aRun,
  "runs.metadata": aRun,
  "runs.replay": async (world) => ({ ...(await world.run()), body: {} }),
  "runs.reschedule": async (world) => ({ ...(await world.laterRun()), body: { delay: "2h" } }),
  "runs.setMetadata": async (world) => ({
    ...(await world.laterRun()),
    body: { metadata: { step: 1 } },
  }),
  "runs.step": async (world) => {
    const place = await world.run();
    const { data } = await world.ask("runs.steps", place);
    return { ...place, seq: data[0].seq };
  },
  "runs.steps": aRun,
  "runs.stream": async (world) => ({ ...(await world.run()), stream: "parts" }),
  "runs.streams": aRun,
  "runs.trace": aRun,
  "schedulers.get": (world) => world.scheduler(),
  "schedulers.list": async (world) => {
    await world.scheduler();
    return { queue: QUEUE };
  },
  "schedulers.remove": (world) => world.scheduler(),
  "schedulers.run": (world) => world.scheduler(),
  "schedulers.set": () => ({ queue: QUEUE, schedulerId: "set", body: { everyMs: 60_000 } }),
  "schedules.activate": (world) => world.schedule(),
  "schedules.create": () => ({ body: { functionId: "app-hello", cron: "0 0 * * *" } }),
  "schedules.deactivate": (world) => world.schedule(),
  "schedules.delete": (world) => world.schedule(),
  "schedules.get": (world) => world.schedule(),
  "schedules.list": nothing,
  "schedules.run": (world) => world.schedule(),
  "schedules.update": async (world) => ({
    ...(await world.schedule()),
    body: { cron: "0 1 * * *" },
  }),
  "search.all": () => ({ q: "welcome" }),
  "search.jobs": () => ({ q: "welcome" }),
  "search.runs": () => ({ q: "resize" }),
  "session.create": async (world) => {
    const { secret } = await world.ask("tokens.create", { body: { name: "ci", role: "viewer" } });
    return { body: { token: secret } };
  },
  "session.delete": nothing,
  "signals.send": () => ({ body: { signal: "go" } }),
  "stats.overview": nothing,
  "system.docs": nothing,
  "system.health": nothing,
  "system.metrics": nothing,
  "system.openapi": nothing,
  "system.readiness": nothing,
  "taskRuns.abort": (world) => world.managedJob(),
  "taskRuns.pause": (world) => world.managedJob(),
  "taskRuns.resume": (world) => world.managedJob(),
  "taskRuns.start": () => ({ body: { task: "scrape", data: {} } }),
  "tasks.batch": () => ({ taskId: "resize", body: { items: [{ payload: 1 }, {}] } }),
  "tasks.get": () => ({ taskId: "resize" }),
  "tasks.list": nothing,
  "tasks.trigger": () => ({ taskId: "resize", body: { payload: 1 } }),
  "tokens.create": () => ({ body: { name: "ci", role: "viewer" } }),
  "tokens.list": async (world) => {
    await world.ask("tokens.create", { body: { name: "ci", role: "viewer" } });
    return {};
  },
  "tokens.revoke": async (world) => {
    const { id } = await world.ask("tokens.create", { body: { name: "ci", role: "viewer" } });
    return { tokenId: id };
  },
  "waitpoints.callback": async (world) => {
    const { tokenId, url } = await world.waitpoint();
    return { tokenId, hash: url.split("/").at(-1), body: { by: "ada" } };
  },
  "waitpoints.complete": async (world) => ({ ...(await withoutUrl(world)), body: { data: 1 } }),
  "waitpoints.create": () => ({ body: { tags: ["a"] } }),
  "waitpoints.get": withoutUrl,
  "waitpoints.list": async (world) => {
    await world.waitpoint();
    return {};
  },
  "workers.list": nothing,
};

async function withoutUrl(world: World): Promise<AnyInput> {
  return { tokenId: (await world.waitpoint()).tokenId };
}
