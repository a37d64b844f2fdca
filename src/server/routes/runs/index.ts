import { oneBatch } from "./batches.ts";
import { events, oneEvent, send, signal } from "./events.ts";
import { functions, invoke, oneFunction } from "./functions.ts";
import { addTags, cancel, metadata, replayRun, reschedule, setMetadata } from "./run-actions.ts";
import { logs } from "./run-logs.ts";
import {
  oneRunQueue,
  overrideRunQueue,
  pauseRunQueue,
  resetRunQueue,
  resumeRunQueue,
  runQueues,
} from "./run-queues.ts";
import { oneStep, steps } from "./run-steps.ts";
import { stream, streams } from "./run-streams.ts";
import { trace } from "./run-trace.ts";
import { run, runs } from "./runs.ts";
import {
  activateSchedule,
  createSchedule,
  deactivateSchedule,
  deleteSchedule,
  oneSchedule,
  runSchedule,
  schedules,
  updateSchedule,
} from "./schedules.ts";
import { batch, task, tasks, trigger } from "./tasks.ts";
import {
  completeByUrl,
  completeWaitpoint,
  createWaitpoint,
  waitpoint,
  waitpoints,
} from "./waitpoints.ts";

/** Functions and tasks, their runs, events and schedules. */
export const runRoutes = [
  ...[functions, oneFunction, invoke],
  ...[tasks, task, trigger, batch, oneBatch],
  ...[runs, run, steps, oneStep, trace, logs, streams, stream],
  ...[cancel, replayRun, reschedule, metadata, setMetadata, addTags],
  ...[events, oneEvent, send, signal],
  ...[schedules, oneSchedule, createSchedule, updateSchedule],
  ...[activateSchedule, deactivateSchedule, deleteSchedule, runSchedule],
  ...[runQueues, oneRunQueue, pauseRunQueue, resumeRunQueue, overrideRunQueue, resetRunQueue],
  ...[waitpoints, waitpoint, createWaitpoint, completeWaitpoint, completeByUrl],
] as const;
