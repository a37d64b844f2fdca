import { expect, test } from "vitest";
import { LonghaulError } from "../../core/errors.ts";
import { Patience } from "./patience.ts";

const full = () => new LonghaulError("STORE_FULL", { path: "jobs.db" });

/** A patience with its complaints, and an attempt that fails with each of `failures` in turn before it succeeds. */
function scene(...failures: Error[]) {
  const complaints: unknown[] = [];
  const patience = new Patience((error) => complaints.push(error));
  const stop = new AbortController();
  let attempts = 0;
  const write = async (): Promise<string> => {
    const failure = failures[attempts++];
    return failure ? patience.recover(failure, write, stop.signal) : "written";
  };
  return { write, complaints, stop, attempts: () => attempts };
}

test("what works at once is not touched", async () => {
  const { write, complaints } = scene();
  expect(await write()).toBe("written");
  expect(complaints).toEqual([]);
});

test("a full disk is waited for, with one complaint a second", async () => {
  const first = full();
  const { write, complaints, attempts } = scene(first, full(), full());
  expect(await write()).toBe("written");
  expect(attempts()).toBe(4);
  expect(complaints).toEqual([first]);
});

test.each([new Error("Missing lock for job 1"), new LonghaulError("STORE_CLOSED")])(
  "what waiting does not mend is thrown: %s",
  async (failure) => {
    const { write, complaints } = scene(failure);
    await expect(write()).rejects.toBe(failure);
    expect(complaints).toEqual([]);
  },
);

test("it ends with the signal: the next failure is thrown", async () => {
  const second = full();
  const { write, stop, attempts } = scene(full(), second, full());
  const written = write();
  setImmediate(() => stop.abort());
  await expect(written).rejects.toBe(second);
  expect(attempts()).toBe(2);
});
