import { createTestRuntime, type TestRun, type TestRuntime } from "longhaul/testing";
import { eventTrigger } from "longhaul/trigger/v2";
import { expect, onTestFinished, test, vi } from "vitest";
import { client } from "./trigger.ts";
import { handleVideoUpload } from "./upload.ts";

async function serve(): Promise<TestRuntime> {
  const runtime = await createTestRuntime({ functions: [client] });
  onTestFinished(() => runtime.close());
  return runtime;
}

/** Seconds from the start of a run to the end of a task. */
const endOf = (run: TestRun, task: string): number => (run.step(task).at - run.startedAt!) / 1_000;

const completed = vi.fn<(payload: unknown) => void>();
client.defineJob({
  id: "notify-user",
  name: "Notify the user",
  version: "1.0.0",
  trigger: eventTrigger({ name: "video.processing.completed" }),
  run: async (payload) => completed(payload),
});

test("a video is validated, transcoded, given thumbnails, analysed and announced", async () => {
  const runtime = await serve();
  const video = { id: "v1", userId: "u1", path: "/uploads/v1.mov", format: "mov", duration: 100 };
  await handleVideoUpload(video);
  const [begun] = await runtime.runs({ function: "video-processing-pipeline" });
  const run = await runtime.finish(begun!.id);

  expect(run.state).toBe("completed");
  expect(run.output).toEqual({
    videoId: "v1",
    status: "fully processed",
    processingTime: "several hours",
    outputs: 8,
  });
  // What waits side by side waits at the same time.
  expect(endOf(run, "validate-video")).toBe(120);
  expect(endOf(run, "transcode-480p")).toBe(120 + 900);
  expect(endOf(run, "transcode-720p")).toBe(120 + 1_200);
  expect(endOf(run, "transcode-1080p")).toBe(120 + 1_800);
  for (let i = 0; i < 5; i++) expect(endOf(run, `generate-thumbnail-${i}`)).toBe(2_040);
  expect(endOf(run, "ai-content-analysis")).toBe(2_040 + 3_600);
  expect((run.finishedAt! - run.startedAt!) / 1_000).toBe(5_640);

  await runtime.drain();
  expect(completed).toHaveBeenCalledTimes(1);
  expect(completed).toHaveBeenCalledWith({
    videoId: "v1",
    userId: "u1",
    formats: ["1080p", "720p", "480p"].map((format) => ({ format, status: "completed" })),
    thumbnails: [0, 20, 40, 60, 80].map((timestamp, i) => ({
      thumbnailId: `thumb-${i}`,
      timestamp,
      status: "generated",
    })),
    analysis: expect.objectContaining({ sceneChanges: 45, contentRating: "G" }),
    completedAt: expect.any(String),
  });
});

test("25 old videos are cleaned up every day, with branches that wait before they are awaited", async () => {
  const unhandled = vi.fn<(reason: unknown) => void>();
  process.on("unhandledRejection", unhandled);
  const runtime = await serve();
  await runtime.advance("2d");
  const runs = await runtime.runs({ function: "cleanup-old-videos" });
  expect(runs).toHaveLength(2);
  const run = await runtime.finish(runs[0]!.id);
  expect(run).toMatchObject({ state: "completed", output: { videosProcessed: 25 } });
  // All deletions begin at once and take 30 seconds; three batches are followed by a minute each.
  for (let i = 1; i <= 25; i++) {
    expect(run.step(`delete-video-vid${i}`).data).toEqual({ videoId: `vid${i}`, deleted: true });
    expect(endOf(run, `delete-video-vid${i}`)).toBe(30);
  }
  expect((run.finishedAt! - run.startedAt!) / 1_000).toBe(30 + 3 * 60);
  expect(run.startedAt! - run.event.ts).toBe(0);
  const { logs } = await client.getRunLogs(run.id);
  expect(logs.map(({ message }) => message)).toEqual([
    "Starting cleanup of old videos...",
    "Cleanup completed: 25 videos processed",
  ]);
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
