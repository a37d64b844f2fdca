/**
 * A task manager that is told what to do line by line: add, new TEXT, pause ID, resume ID, remove ID, state ID, quit.
 * Kill it while a job is paused and start it again: the job is still paused.
 */
import { createInterface } from "node:readline";
import { queueManager } from "./lib/queue/index.ts";

queueManager.onTaskUpdate((taskType, jobId, update) => {
  console.log(`Task ${jobId} of type ${taskType}: ${JSON.stringify(update)}`);
});

const commands: Record<string, (argument: string) => Promise<unknown>> = {
  add: () =>
    queueManager.addJob("scrape-reviews", {
      mapsUrl: "https://maps.example.com/shop-123",
      shopId: "shop-123",
    }),
  new: (text) => queueManager.addJob("new-task", { inputField: text }),
  pause: (id) => queueManager.pauseJob("scrape-reviews", id),
  resume: (id) => queueManager.resumeJob("scrape-reviews", id),
  remove: (id) => queueManager.removeJob("scrape-reviews", id),
  state: (id) => queueManager.getJobState("scrape-reviews", id),
};

console.log("Ready");
for await (const line of createInterface({ input: process.stdin })) {
  const [command = "", argument = ""] = line.split(" ");
  if (command === "quit") break;
  console.log(`${line}: ${String(await commands[command]?.(argument))}`);
}
process.stdin.destroy();
await queueManager.close();
