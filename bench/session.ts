/** One contestant, one round: its server is started afresh, its measures run in a child process, and both end. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { guard } from "../scripts/services/server.mjs";
import type { Answer, Task } from "./child.ts";
import type { Contestant, ServiceSpec } from "./contestant.ts";
import type { Sample, Scale } from "./measure.ts";
import { installPeers } from "./peers.ts";

/** A contestant that cannot be installed or started here: nothing is wrong with what the others reached. */
export class AbsentError extends Error {
  override name = "AbsentError";
}

export interface Session {
  /** The id of its suite. */
  readonly suite: string;
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

/** Rejects with an AbsentError, or with what the child failed on; a failed check is among that. */
export async function runSession({
  suite,
  contestant,
  measures,
  scale,
  folder,
  onBegin,
  onSample,
  onVersions,
}: Session): Promise<void> {
  const own = mkdtempSync(join(folder, `${contestant.id}-`));
  const server = await prepare(contestant, folder);
  try {
    if (server !== undefined)
      onVersions({ [`${contestant.service?.kind} server`]: server.version });
    const task: Task = {
      suite,
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

/** No measure takes so long. */
const STUCK_MS = 20 * 60_000;

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
    const watch = setTimeout(() => {
      failure = `nothing was heard of it for ${STUCK_MS / 60_000} minutes`;
      child.kill("SIGKILL");
    }, STUCK_MS);
    child.on("message", (message) => {
      watch.refresh();
      const answer = message as Answer;
      if (answer.kind === "failed") failure = answer.why;
      else onAnswer(answer);
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(watch);
      if (code === 0 && failure === undefined) resolve();
      else reject(new Error(failure ?? `the child process ended with ${code ?? signal}`));
    });
  });
}

async function prepare({ peers, service }: Contestant, parent: string) {
  try {
    if (peers !== undefined) installPeers(peers);
    return service === undefined ? undefined : await startServer(service, parent);
  } catch (error) {
    throw new AbsentError((error as Error).message, { cause: error });
  }
}

async function startServer(service: ServiceSpec, parent: string): Promise<Server> {
  if (service.kind === "redis") {
    const { startRedis } = await import("../scripts/services/redis.mjs");
    return startRedis({ persistence: service.persistence, parent });
  }
  if (service.kind === "restate") {
    const { startRestate } = await import("./runs/contestants/restate-server.ts");
    return startRestate(parent);
  }
  const { startPostgres } = await import("../scripts/services/postgres.mjs");
  return startPostgres({ parent });
}
