import { Job } from "bullmq";
import type * as bullmq from "bullmq";
import { describe, expect, test } from "vitest";
import { applyRetryDefaults } from "./retry-defaults.ts";
import { checkWorkerOptions } from "./worker-options.ts";

/** A job as a worker holds it; nothing here reaches a store. */
function jobWith(opts: bullmq.JobsOptions): Job {
  const queue = { toKey: () => "", qualifiedName: "q", backend: {} };
  return new Job(queue as never, "job", {}, opts);
}

describe("a job", () => {
  const defaults = { attempts: 3, backoff: { type: "exponential", delay: 1000 } };

  test("without attempts and backoff gets the worker's", () => {
    const job = jobWith({});
    applyRetryDefaults(job, defaults);
    expect(job.opts).toMatchObject(defaults);
  });

  test("with attempts and backoff keeps its own", () => {
    const job = jobWith({ attempts: 1, backoff: 50 });
    applyRetryDefaults(job, defaults);
    expect(job.opts).toMatchObject({ attempts: 1, backoff: { type: "fixed", delay: 50 } });
  });

  test("gets each of the two on its own", () => {
    const job = jobWith({ attempts: 5 });
    applyRetryDefaults(job, { backoff: 200 });
    expect(job.opts).toMatchObject({ attempts: 5, backoff: { type: "fixed", delay: 200 } });
  });

  test("with attempts: 0 looks to BullMQ like one without", () => {
    const job = jobWith({ attempts: 0 });
    applyRetryDefaults(job, defaults);
    expect(job.opts.attempts).toBe(3);
  });
});

describe("a worker is refused", () => {
  test.each([
    [{ attempts: -1 }, /attempts must be a whole number of at least 0, not -1/],
    [{ attempts: 1.5 }, /not 1.5/],
    [{ attempts: "3" }, /not 3/],
    [{ backoff: -1 }, /the delay of backoff must be a number of ms of at least 0/],
    [{ backoff: "fast" }, /backoff must be a number of ms or { type, delay, jitter }/],
    [{ backoff: { type: "fixed" } }, /the delay of backoff must be a number/],
    [{ backoff: { type: "fixed", delay: 1, jitter: 2 } }, /jitter must be between 0 and 1, not 2/],
    [{ backoff: { type: "custom" } }, /type custom is none of fixed, exponential/],
  ])("with %j", (opts, message) => {
    const check = () => checkWorkerOptions("mails", opts as never);
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code: "BULLMQ_BAD_WORKER_OPTION" }));
  });

  test.each([
    [{}],
    [{ attempts: 0 }],
    [{ attempts: 3, backoff: 0 }],
    [{ backoff: { type: "exponential", delay: 10, jitter: 0.5 } }],
    [{ backoff: { type: "custom" }, settings: { backoffStrategy: () => 1 } }],
  ])("but not with %j", (opts) => {
    expect(() => checkWorkerOptions("mails", opts as never)).not.toThrow();
  });
});
