/**
 * A page that starts a long task, sees how far it is, pauses it, aborts it, and goes on after a reload; with the server
 * in one process and the worker in another. Kill the worker and start it again: the page goes on where it was.
 *
 *   node --import tsx examples/progress-page/main.ts          builds the page, then both in one process
 *   node --import tsx examples/progress-page/main.ts server   the page and its API
 *   node --import tsx examples/progress-page/main.ts worker   what the tasks do
 *
 * PORT, LONGHAUL_URL and PAGE_MS say where it listens, where the store is, and how slow the task is.
 */
import { once } from "node:events";
import { resolve } from "node:path";
import { serve } from "longhaul/server/node";
import { createApp } from "./app.ts";
import { buildPage } from "./build-page.ts";
import { createTasks } from "./tasks.ts";

const print = (line: string) => console.log(line);
const url = process.env.LONGHAUL_URL ?? "file:.longhaul/progress-page.db";
const [part = "both"] = process.argv.slice(2);
const stopping = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
const closers: (() => Promise<void>)[] = [];

if (part !== "worker") {
  const folder = resolve(".longhaul/progress-page");
  await buildPage(folder);
  const app = createApp(url, folder);
  const served = await serve(app, { port: Number(process.env.PORT ?? 3000) });
  closers.push(() => served.close());
  print(`Open ${served.url}`);
}
if (part !== "server") {
  const tasks = createTasks(url, true);
  closers.push(() => tasks.close());
  print("The worker is running; Ctrl-C stops");
}

await stopping;
for (const close of closers) await close();
