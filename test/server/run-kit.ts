import { expect } from "vitest";
import type { z } from "zod";
import { endpoints } from "../../src/client/endpoints/index.ts";
import { runRoutes } from "../../src/server/routes/runs/index.ts";
import { Inngest } from "../../src/inngest/index.ts";
import type { LonghaulOptions } from "../../src/index.ts";
import type { RunStores } from "../../src/runs/store/run-stores.ts";
import { partsOf } from "../../src/runtime/parts.ts";
import type { ServerOptions } from "../../src/server/create-server.ts";
import { defineConfig, type task } from "../../src/trigger/index.ts";
import { type Call, openServer, type ServerKit } from "./kit.ts";

/** JSON of an answer. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests say what they expect of it
export type Json = any;

/** A server, with calls that give the status and the JSON of the answer. */
export interface RunKit extends ServerKit {
  /** What a path answers; it has to succeed. */
  get(path: string, call?: Call): Promise<Json>;
  /** The same with a body. */
  post(path: string, body?: unknown, call?: Call): Promise<Json>;
  /** The status and the code of the problem that a path answers with. */
  refusal(path: string, call?: Call): Promise<[status: number, code: string]>;
  /** What is kept beside runs, to wait for what they do. */
  readonly runStores: RunStores;
  /** Waits for the end of a run. */
  ended(runId: string): Promise<Json>;
}

type Tasks = readonly ReturnType<typeof task>[];

/** Opens a runtime with tasks and functions, starts it, and its server. */
export async function startRuns(
  runtime: Omit<LonghaulOptions, "tasks"> & { readonly tasks?: unknown },
  options: ServerOptions = {},
): Promise<RunKit> {
  const config = defineConfig({ project: "shop", enableConsoleLogging: false });
  const tasks = runtime.tasks as Tasks | undefined;
  const kit = openServer(options, { config, ...runtime, tasks: tasks ?? [] });
  await kit.longhaul.start();
  const read = async (path: string, call?: Call): Promise<Json> => {
    const answer = await kit.call(path, call);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
    if (text === "") return undefined;
    const json: Json = JSON.parse(text);
    const schema = answerOf(call?.method ?? "GET", path);
    // What an answer has is said in its schema, and nothing else is in it.
    if (schema) expect(schema.parse(json)).toEqual(json);
    return json;
  };
  const ended = async (runId: string): Promise<Json> => read(`/runs/${runId}?wait=30s`);
  return {
    ...kit,
    runStores: partsOf(kit.longhaul).engine.stores,
    get: read,
    post: (path, body, call) => read(path, { method: "POST", body, ...call }),
    refusal: async (path, call) => {
      const answer = await kit.call(path, call);
      const problem = (await answer.json()) as { readonly code: string };
      return [answer.status, problem.code];
    },
    ended,
  };
}

/** The schema of what a path answers, if it is one of runs. */
function answerOf(method: string, path: string): z.ZodType | undefined {
  const found = runRoutes.find(({ id }) => {
    const [verb, pattern] = endpoints[id].split(" ") as [string, string];
    const regex = new RegExp(`^${pattern.replaceAll(/:\w+/g, "[^/]+")}$`);
    return verb === method && regex.test(path.split("?")[0]!);
  });
  return found?.answer;
}

/** A client of Inngest's idiom for tests. */
export const newInngest = (): Inngest => new Inngest({ id: "shop" });
