import type { ApiAnswer } from "../../client/api-types.ts";
import { MAX_TOPICS } from "../../server/live/hub.ts";
import { API_OPTIONS, type Command, EXIT } from "../command.ts";
import { ChangeReader } from "../dev/change-lines.ts";
import { durationOf, showChange } from "../dev/show-change.ts";
import { follow } from "../follow.ts";
import { jsonArgument } from "../json-argument.ts";
import { nextSignal } from "../serve/until-signal.ts";
import { table } from "../table.ts";
import { withClient } from "../with-client.ts";

type RunSummary = ApiAnswer<"runs.list">["data"][number];

export const runsList: Command = {
  name: "runs list",
  summary: "Runs of functions and tasks, the newest first",
  args: [],
  options: {
    state: { kind: "text", value: "<states>", help: "Such as failed, or running,waiting" },
    function: { kind: "text", value: "<ids>", help: "Of these functions or tasks" },
    tag: { kind: "text", value: "<tags>", help: "With one of these tags" },
    limit: { kind: "number", value: "<n>", help: "At most so many, up to 200 (default: 50)" },
    cursor: { kind: "text", value: "<cursor>", help: "What comes after a page (page.next)" },
    ...API_OPTIONS,
  },
  examples: ["runs list --state failed --function send-mail", "runs list --limit 200 --json"],
  run: async ({ values, out }) => {
    const limit = values.number("limit");
    const query = {
      state: values.text("state"),
      functionId: values.text("function"),
      tag: values.text("tag"),
      ...(limit !== undefined && { limit }),
      cursor: values.text("cursor"),
    };
    const answer = await withClient(values, (client) => client.runs.list(query));
    out.result(answer, ({ data, page }) => {
      if (data.length === 0) return "There are no such runs.";
      const more = page.next === null ? "" : `\n\nMore: --cursor ${page.next}`;
      return table(["ID", "FUNCTION", "STATE", "CREATED", "TOOK", "ERROR"], data.map(row)) + more;
    });
  },
};

const row = ({ id, functionId, state, createdAt, durationMs, error }: RunSummary): string[] => [
  id,
  functionId,
  state,
  createdAt,
  durationMs === null ? "" : durationOf(durationMs),
  error?.message.split("\n", 1)[0] ?? "",
];

export const runsGet: Command = {
  name: "runs get",
  summary: "A run with what it was given and what it came to, as JSON",
  args: ["<runId>"],
  options: API_OPTIONS,
  examples: ["runs get run_01h455vb4pex5vsknk084sn02q"],
  run: async ({ args: [runId = ""], values, out }) => {
    const run = await withClient(values, (client) => client.runs.get({ runId }));
    out.result(run, () => JSON.stringify(run, null, 2));
  },
};

export const runsCancel: Command = {
  name: "runs cancel",
  summary: "Cancel a run, and the runs that it has started",
  args: ["<runId>"],
  options: {
    reason: { kind: "text", value: "<text>", help: "Why, for those who look at the run" },
    ...API_OPTIONS,
  },
  examples: ['runs cancel run_01h455vb4pex5vsknk084sn02q --reason "wrong customer"'],
  run: async ({ args: [runId = ""], values, out }) => {
    const reason = values.text("reason");
    const run = await withClient(values, (client) =>
      client.runs.cancel({ runId, body: reason === undefined ? {} : { reason } }),
    );
    out.result(run, ({ id, state }) => `${id} is ${state}.`);
  },
};

export const runsReplay: Command = {
  name: "runs replay",
  summary: "Start a new run with what another was given, or with another payload",
  args: ["<runId>", "[json]"],
  options: API_OPTIONS,
  examples: [
    "runs replay run_01h455vb4pex5vsknk084sn02q",
    `runs replay run_01h455vb4pex5vsknk084sn02q '{"size":10}'`,
  ],
  run: async ({ args: [runId = "", json], values, out }) => {
    const body = json === undefined ? {} : { payload: jsonArgument(json) as never };
    const run = await withClient(values, (client) => client.runs.replay({ runId, body }));
    out.result(run, ({ id }) => id);
  },
};

export const runsTail: Command = {
  name: "runs tail",
  summary: "Tell every change of runs, until Ctrl-C",
  args: ["[functionId…]"],
  options: API_OPTIONS,
  examples: ["runs tail", "runs tail send-mail resize --json"],
  run: ({ args, values, out }) =>
    withClient(values, async (client) => {
      const stop = new AbortController();
      void nextSignal().then(() => stop.abort());
      const ids = [...args];
      if (ids.length === 0) {
        for await (const { id } of client.functions.list.each({ limit: 200 })) ids.push(id);
      }
      if (ids.length === 0) {
        out.note("The store knows no functions yet.");
        return EXIT.failed;
      }
      const reader = new ChangeReader(Date.now);
      const print = (event: string, data: string): void => {
        for (const change of reader.read(event, data)) {
          const at = new Date();
          out.line(
            out.isJson
              ? JSON.stringify({ at: at.toISOString(), ...change })
              : showChange(change, at, out.paint),
          );
        }
      };
      if (ids.length > MAX_TOPICS)
        out.note(`Of ${ids.length} functions, the first ${MAX_TOPICS} are followed.`);
      const topics = ids.slice(0, MAX_TOPICS).map((id) => `function:${id}`);
      try {
        const onOpen = (): void => out.note(`Following ${ids.join(", ")}`);
        await follow(client, topics, print, { signal: stop.signal, onOpen });
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      }
      return EXIT.ok;
    }),
};
