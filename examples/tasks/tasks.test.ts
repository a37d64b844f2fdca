/** The tasks and the two routes on a clock that the tests turn. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTestRuntime, type TestRuntime } from "longhaul/testing";
import { POST as processOne } from "./app/process.ts";
import { POST as processMany } from "./app/process-batch.ts";
import { DATASET_SIZE, processed } from "./lib/datasets.ts";
import { outbox } from "./lib/email.ts";
import { imageStore } from "./lib/images.ts";
import { records } from "./lib/records.ts";
import { dailyCleanup, longRunningTask, processImage } from "./trigger/tasks.ts";
import config from "./trigger.config.ts";

let runtime: TestRuntime;

beforeEach(async () => {
  vi.spyOn(console, "info").mockReturnValue();
  runtime = await createTestRuntime({
    functions: [config, processImage, longRunningTask, dailyCleanup],
  });
});

afterEach(async () => {
  await runtime.close();
  outbox.length = 0;
  processed.length = 0;
  Object.assign(imageStore, { downloads: 0, isDown: false });
  records.old = 3;
  vi.restoreAllMocks();
});

const post = (body: object): Request =>
  new Request("http://localhost/api", { method: "POST", body: JSON.stringify(body) });

describe("process-image", () => {
  test("a route starts it, and it tells the user", async () => {
    const response = await processOne(post({ imageId: "cat", userId: "ada" }));
    const { taskId, status } = (await response.json()) as { taskId: string; status: string };
    expect(status).toBe("processing");
    const run = await runtime.finish(taskId);
    const url = "https://images.example.com/tac";
    expect(run).toMatchObject({ state: "completed", output: { url } });
    expect(outbox).toEqual([
      {
        to: "ada@example.com",
        subject: "Image processed",
        template: "image-ready",
        data: { url },
      },
    ]);
  });

  test("another starts many", async () => {
    const images = ["cat", "dog", "owl"].map((imageId) => ({ imageId, userId: "ada" }));
    const response = await processMany(post({ images }));
    const { taskIds } = (await response.json()) as { taskIds: string[] };
    const runs = await Promise.all(taskIds.map((id) => runtime.finish(id)));
    expect(runs.map(({ output }) => (output as { url: string }).url)).toEqual([
      "https://images.example.com/tac",
      "https://images.example.com/god",
      "https://images.example.com/lwo",
    ]);
  });

  test("three attempts, one and two seconds apart or up to twice that", async () => {
    imageStore.isDown = true;
    const from = runtime.now;
    const { id } = await processImage.trigger({ imageId: "cat", userId: "ada" });
    const run = await runtime.finish(id);
    expect(run).toMatchObject({ state: "failed", error: { message: "the image store is down" } });
    expect(imageStore.downloads).toBe(3);
    expect(runtime.now - from).toBeGreaterThanOrEqual(3_000);
    expect(runtime.now - from).toBeLessThanOrEqual(6_000);
    expect(outbox).toEqual([]);
  });
});

test("long-running works on every item once, and says how far it is", async () => {
  const { id } = await longRunningTask.trigger({ datasetId: "d1" });
  const run = await runtime.finish(id);
  expect(run.output).toEqual({ processed: DATASET_SIZE });
  expect(processed).toEqual(Array.from({ length: DATASET_SIZE }, (_, index) => index));
  expect(vi.mocked(console.info).mock.calls).toEqual([
    ["Processed 100/250"],
    ["Processed 200/250"],
    ["Processed 250/250"],
  ]);
});

test("daily-cleanup runs each night at three", async () => {
  await runtime.advance("2d");
  const runs = await runtime.runs({ function: dailyCleanup });
  expect(runs.map(({ output }) => output)).toEqual([{ deletedCount: 3 }, { deletedCount: 0 }]);
  expect(runs.map(({ queuedAt }) => new Date(queuedAt).getUTCHours())).toEqual([3, 3]);
});
