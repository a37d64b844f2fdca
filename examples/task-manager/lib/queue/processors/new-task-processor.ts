import type { NewTaskJobData, NewTaskResult, TaskProgress } from "../types.ts";

export async function newTaskProcessor({
  data,
  updateProgress,
}: {
  id: string;
  data: NewTaskJobData;
  updateProgress: (progress: TaskProgress) => Promise<void>;
}): Promise<NewTaskResult> {
  await updateProgress({ percentage: 50, current: 1, total: 2, message: "Halfway" });
  return { outputField: data.inputField.toUpperCase() };
}
