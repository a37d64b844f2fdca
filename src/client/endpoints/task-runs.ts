/** Tasks as pages start them: of the queue manager, or of the engine. `:id` is what a start answered. */
export const taskRunEndpoints = {
  "taskRuns.start": "POST /task-runs",
  "taskRuns.pause": "POST /task-runs/:id/pause",
  "taskRuns.resume": "POST /task-runs/:id/resume",
  "taskRuns.abort": "POST /task-runs/:id/abort",
} as const;
