import { ApiError } from "../../client/api-error.ts";
import type { LonghaulClient } from "../../client/create-client.ts";
import { API_OPTIONS, type Command, EXIT } from "../command.ts";
import { jsonArgument, jsonObjectArgument } from "../json-argument.ts";
import type { Values } from "../values.ts";
import { withClient } from "../with-client.ts";

export const send: Command = {
  name: "send",
  summary: "Send an event",
  args: ["<event>", "[json]"],
  options: {
    id: { kind: "text", value: "<id>", help: "The same id starts a function once in 24 hours" },
    ...API_OPTIONS,
  },
  examples: [`send user/created '{"email":"ada@example.com"}'`, "send import/wanted - < data.json"],
  run: async ({ args: [name = "", json], values, out }) => {
    const data = jsonObjectArgument(json) as Record<string, never> | undefined;
    const body = { name, data, id: values.text("id") };
    const answer = await withClient(values, (client) => client.events.send({ body }));
    out.result(answer, ({ ids }) => ids.join("\n"));
  },
};

export const trigger: Command = {
  name: "trigger",
  summary: "Start a task, or a function",
  args: ["<task>", "[json]"],
  options: {
    wait: { kind: "flag", help: "Wait for its end, and print its output; 1 if it fails" },
    delay: { kind: "text", value: "<time>", help: "Start it later: 10m, or a date" },
    tag: { kind: "text", value: "<tag>", isList: true, help: "For finding it again" },
    key: { kind: "text", value: "<key>", help: "The same key starts it once" },
    ...API_OPTIONS,
  },
  examples: [
    `trigger resize '{"width":300}' --wait`,
    "trigger report --delay 10m --tag monthly --key report-2026-11",
  ],
  run: ({ args: [task = "", json], values, out }) =>
    withClient(values, async (client) => {
      const { id } = await start(client, task, json, values);
      if (!values.flag("wait")) {
        out.result({ id }, () => id);
        return EXIT.ok;
      }
      out.note(id);
      const run = await untilEnd(client, id);
      out.result(run, ({ output }) => (output === null ? "" : JSON.stringify(output, null, 2)));
      if (run.state === "completed") return EXIT.ok;
      out.note(`${id} ${run.state}${run.error ? `: ${run.error.message}` : ""}`);
      return EXIT.failed;
    }),
};

/** Tasks and functions take different things; whoever types a name need not know which it is. */
async function start(
  client: LonghaulClient,
  task: string,
  json: string | undefined,
  values: Values,
): Promise<{ readonly id: string }> {
  const [delay, idempotencyKey] = [values.text("delay"), values.text("key")];
  const tags = values.list("tag");
  const options = { delay, idempotencyKey, ...(tags.length > 0 && { tags: [...tags] }) };
  const payload = jsonArgument(json) as never;
  try {
    return await client.tasks.trigger({ taskId: task, body: { payload, options } });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "SERVER_NOT_FOUND") throw error;
  }
  const data = jsonObjectArgument(json) as Record<string, never> | undefined;
  return client.functions.invoke({ functionId: task, body: { data, ...options } });
}

/** The server waits a minute at most. */
async function untilEnd(client: LonghaulClient, runId: string) {
  for (;;) {
    const run = await client.runs.get({ runId, wait: "30s" });
    if (run.finishedAt !== null) return run;
  }
}
