import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  type BatchRunHandle,
  type RunHandle,
  schedules,
  type ScheduledPayload,
  schemaTask,
  task,
  type TaskIdentifier,
  type TaskOutput,
  type TaskPayload,
  type TaskRunResult,
  tasks,
  wait,
} from "./index.ts";

const processImage = task({
  id: "process-image",
  init: async () => ({ db: "connection" }),
  run: async (payload: { imageId: string }, { ctx, init, signal }) => {
    expectTypeOf(ctx.run.id).toEqualTypeOf<string>();
    expectTypeOf(init).toEqualTypeOf<{ db: string }>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    return { url: payload.imageId };
  },
  onSuccess: ({ output, payload }) => {
    expectTypeOf(output).toEqualTypeOf<{ url: string }>();
    expectTypeOf(payload).toEqualTypeOf<{ imageId: string }>();
  },
});
const nothing = task({ id: "nothing", run: async () => 5 });
const parsed = schemaTask({
  id: "parsed",
  schema: z.object({ n: z.coerce.number(), at: z.string().transform((text) => new Date(text)) }),
  run: async (payload) => {
    expectTypeOf(payload).toEqualTypeOf<{ n: number; at: Date }>();
    return payload.n;
  },
});
const daily = schedules.task({
  id: "daily",
  cron: "0 0 * * *",
  run: async (payload) => {
    expectTypeOf(payload).toEqualTypeOf<ScheduledPayload>();
  },
});

/** Never called: only its types count. */
async function calls() {
  const handle = await processImage.trigger({ imageId: "1" });
  expectTypeOf(handle).toEqualTypeOf<
    RunHandle<"process-image", { imageId: string }, { url: string }>
  >();
  // @ts-expect-error -- the payload has no such field
  await processImage.trigger({ image: "1" });
  await nothing.trigger();
  // @ts-expect-error -- it takes nothing
  await nothing.trigger(5);
  // @ts-expect-error -- there is no such option
  await nothing.trigger(undefined, { retries: 5 });

  const byId = await tasks.trigger<typeof processImage>("process-image", { imageId: "1" });
  expectTypeOf(byId).toEqualTypeOf<typeof handle>();
  const byObject = await tasks.trigger(processImage, { imageId: "1" });
  expectTypeOf(byObject).toEqualTypeOf<typeof handle>();
  // @ts-expect-error -- another task's id
  await tasks.trigger<typeof processImage>("nothing", { imageId: "1" });
  // @ts-expect-error -- not its payload
  await tasks.trigger(processImage, 5);

  const handles = await tasks.batchTrigger(processImage, [{ payload: { imageId: "1" } }]);
  expectTypeOf(handles).toEqualTypeOf<
    BatchRunHandle<"process-image", { imageId: string }, { url: string }>
  >();
  expectTypeOf(handles.map((each) => each.id)).toEqualTypeOf<string[]>();

  const result = await processImage.triggerAndWait({ imageId: "1" });
  expectTypeOf(result).toEqualTypeOf<TaskRunResult<"process-image", { url: string }>>();
  if (result.ok) expectTypeOf(result.output).toEqualTypeOf<{ url: string }>();
  else expectTypeOf(result.error).toEqualTypeOf<unknown>();
  expectTypeOf(await nothing.triggerAndWait().unwrap()).toEqualTypeOf<number>();
  const { runs } = await nothing.batchTriggerAndWait([{ payload: undefined }]);
  expectTypeOf(runs).toEqualTypeOf<TaskRunResult<"nothing", number>[]>();

  await parsed.trigger({ n: "5", at: "2026-01-01" });
  // @ts-expect-error -- what comes out is not what goes in
  await parsed.trigger({ n: 5, at: new Date() });

  const answer = await wait.forToken<{ isApproved: boolean }>("token").unwrap();
  expectTypeOf(answer).toEqualTypeOf<{ isApproved: boolean }>();
  // @ts-expect-error -- one unit has to be given
  await wait.for({});
}

test("tasks carry their types", () => {
  expectTypeOf<TaskIdentifier<typeof processImage>>().toEqualTypeOf<"process-image">();
  expectTypeOf<TaskPayload<typeof processImage>>().toEqualTypeOf<{ imageId: string }>();
  expectTypeOf<TaskOutput<typeof processImage>>().toEqualTypeOf<{ url: string }>();
  expectTypeOf<TaskPayload<typeof daily>>().toEqualTypeOf<ScheduledPayload>();
  expectTypeOf(calls).returns.resolves.toBeVoid();
});
