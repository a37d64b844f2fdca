/** One contestant, one round: its server is started afresh, its measures run in a child process, and both end. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { guard } from "../scripts/services/server.mjs";
import type { Answer, Task } from "./child.ts";
import type { Contestant, ServiceSpec } from "./contestants/contestant.ts";
import type { Sample, Scale } from "./measures/measure.ts";

export interface Session {
  readonly contestant: Contestant;
  readonly measures: readonly string[];
  readonly scale: Scale;
  /** The folder of the whole benchmark. */
  readonly folder: string;
  onBegin(measure: string): void;
  onSample(measure: string, sample: Sample): void;
  onVersions(versions: Record<string, string>): void;
}

interface Server {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  stop(): Promise<void>;
}

/** Rejects with what the child failed on; a failed delivery check is among that. */
export async function runSession({
  contestant,
  measures,
  scale,
  folder,
  onBegin,
  onSample,
  onVersions,
}: Session): Promise<void> {
  const own = mkdtempSync(join(folder, `${contestant.id}-`));
  const server =
    contestant.service === undefined ? undefined : await startServer(contestant.service, folder);
  try {
    if (server !== undefined)
      onVersions({ [`${contestant.service?.kind} server`]: server.version });
    const task: Task = {
      contestant: contestant.id,
      measures,
      scale,
      site: { folder: own, ...(server === undefined ? {} : { url: server.url }) },
      serverPid: server?.pid,
    };
    await runChild(task, (answer) => {
      if (answer.kind === "begin") onBegin(answer.measure);
      else if (answer.kind === "sample") onSample(answer.measure, answer.sample);
      else onVersions(answer.versions);
    });
  } finally {
    await server?.stop();
    rmSync(own, { recursive: true, force: true });
  }
}

function runChild(
  task: Task,
  onAnswer: (answer: Exclude<Answer, { kind: "failed" }>) => void,
): Promise<void> {
  const child = fork(new URL("./child.ts", import.meta.url), [JSON.stringify(task)], {
    execArgv: ["--import", "tsx", "--expose-gc"],
  });
  // Ctrl-C ends it before the files under it are removed.
  guard({
    kill: () => void child.kill("SIGKILL"),
    stop: async () => {
      if (child.kill("SIGKILL")) await once(child, "exit");
    },
  });
  return new Promise((resolve, reject) => {
    let failure: string | undefined;
    child.on("message", (message) => {
      const answer = message as Answer;
      if (answer.kind === "failed") failure = answer.why;
      else onAnswer(answer);
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0 && failure === undefined) resolve();
      else reject(new Error(failure ?? `the child process ended with ${code ?? signal}`));
    });
  });
}

async function startServer(service: ServiceSpec, parent: string): Promise<Server> {
  if (service.kind === "redis") {
    const { startRedis } = await import("../scripts/services/redis.mjs");
    return startRedis({ persistence: service.persistence, parent });
  }
  const { startPostgres } = await import("../scripts/services/postgres.mjs");
  return startPostgres({ parent });
}
