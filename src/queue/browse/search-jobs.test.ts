import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Queue } from "../../bullmq/queue.ts";
import { Worker } from "../../bullmq/worker.ts";
import { parseSearch } from "../../core/search/search-query.ts";
import { openShared, type SharedStore } from "../../storage/shared-stores.ts";
import { searchJobs } from "./search-jobs.ts";

const folder = mkdtempSync(join(tmpdir(), "longhaul-search-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([["a file"], ["memory"]])("jobs in %s", (place) => {
  const connection = place === "memory" ? ":memory:" : `file:${join(folder, "jobs.db")}`;
  let shared: SharedStore;
  const open: { close(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const each of open.reverse()) await each.close();
    await shared.release();
  });

  const find = async (q: string, page: { limit?: number; from?: number; order?: "oldest" } = {}) =>
    searchJobs(shared.store, { query: parseSearch(q, Date.now()), limit: 50, ...page });
  const ids = async (q: string, page = {}) => (await find(q, page)).rows.map(({ id }) => id);

  beforeAll(async () => {
    shared = openShared(connection);
    const mail = new Queue("mail", { connection });
    const other = new Queue("other", { connection, prefix: "team" });
    open.push(mail, other);
    await mail.addBulk([
      { name: "welcome", data: { user: { id: 7, name: 'Ada "A" L' }, tags: ["x", "y"] } },
      { name: "welcome-again", data: { user: { id: "7" }, note: "100% _sure_" } },
      { name: "bill", data: { user: { id: 77 }, paid: true, total: null, "a.b": { 0: "zero" } } },
    ]);
    await mail.add("later", { city: "Zürich" }, { delay: 60_000, jobId: "repeat:tick:17" });
    await mail.add("first", {}, { priority: 2, jobId: "prio" });
    await other.add("welcome", { elsewhere: 1 }, { jobId: "far" });
    const worker = new Worker("mail", null, { connection, autorun: false });
    open.push(worker);
    const token = "t";
    for (let n = 0; n < 3; n++) {
      const job = await worker.getNextJob(token);
      if (job?.name === "bill")
        await job?.moveToFailed(new Error("connect ETIMEDOUT 10.0.0.7"), token, false);
      else if (job?.name === "welcome") await job?.moveToCompleted("ok", token, false);
    }
  });

  it.each([
    ["", ["far", "prio", "repeat:tick:17", "3", "2", "1"]],
    ["id:2", ["2"]],
    ["id:far", ["far"]],
    ["id:repeat:tick:17", ["repeat:tick:17"]],
    ["repeat:tick:17", ["repeat:tick:17"]],
    ["id:1 id:3", ["3", "1"]],
    ["id:3 state:completed", []],
    ["name:welcome", ["far", "1"]],
    ["name:welcome*", ["far", "2", "1"]],
    ["name:w%", []],
    ["queue:mail name:welcome", ["1"]],
    ["queue:team:other", ["far"]],
    ["queue:none", []],
    ["state:failed", ["3"]],
    ["state:completed,failed", ["3", "1"]],
    ["state:active", ["2"]],
    ["state:waiting", ["far"]],
    ["state:prioritized state:delayed", ["prio", "repeat:tick:17"]],
    ["state:waiting-children", []],
    ["data.user.id:7", ["2", "1"]],
    ["data.user.id:77", ["3"]],
    ["data.user.id:8", []],
    [String.raw`data.user.name:"Ada \"A\" L"`, ["1"]],
    ["data.tags.1:y", ["1"]],
    ["data.tags.0:y", []],
    // One spelling of a place: what is hidden is known by it.
    ["data.tags.01:y", []],
    [String.raw`data.ci\u0074y:Zürich`, []],
    ["data.paid:true data.total:null", ["3"]],
    ['data."a.b".0:zero', ["3"]],
    ["data.city:Zürich", ["repeat:tick:17"]],
    ["100%", ["2"]],
    ["_sure_", ["2"]],
    ["ADA", ["1"]],
    [String.raw`"\"A\""`, ["1"]],
    ["error:timedout", ["3"]],
    ["ETIMEDOUT bill", ["3"]],
    ["after:1h", ["far", "prio", "repeat:tick:17", "3", "2", "1"]],
    ["before:1h", []],
    ["'; DROP TABLE job; --", []],
  ])("%s", async (q, expected) => {
    expect((await ids(q)).toSorted()).toEqual(expected.toSorted());
    const { next, reachedTime } = await find(q);
    expect({ next, reachedTime }).toEqual({ next: null, reachedTime: null });
  });

  it("gives the newest first, or the oldest, page by page", async () => {
    const all = await ids("queue:mail");
    for (const order of ["newest", "oldest"] as const) {
      const pages: string[] = [];
      let from: number | undefined;
      do {
        const page: Awaited<ReturnType<typeof find>> = await searchJobs(shared.store, {
          query: parseSearch("queue:mail", Date.now()),
          ...{ limit: 2, order, from },
        });
        expect(page.rows.length).toBeLessThanOrEqual(2);
        pages.push(...page.rows.map(({ id }) => id));
        from = page.next ?? undefined;
      } while (from !== undefined);
      expect(pages).toEqual(order === "newest" ? all : all.toReversed());
    }
  });

  it("tells how a job stands", async () => {
    const { rows } = await find("id:3");
    expect(rows[0]).toMatchObject({
      ...{ id: "3", queue: "mail", name: "bill", state: "failed", attemptsMade: 1 },
      failedReason: "connect ETIMEDOUT 10.0.0.7",
    });
    const [delayed] = (await find("state:delayed")).rows;
    expect(delayed!.dueAt! - delayed!.timestamp).toBe(60_000);
  });

  it.each([["tag:x"], ["state:gone"]])("refuses %s", async (q) => {
    await expect(find(q)).rejects.toMatchObject({ code: "SERVER_BAD_SEARCH" });
  });
});
