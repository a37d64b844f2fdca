import type { ApiAnswer } from "../../client/api-types.ts";
import { API_OPTIONS, type Command } from "../command.ts";
import { table } from "../table.ts";
import { usage } from "../values.ts";
import { withClient } from "../with-client.ts";

type QueueSummary = ApiAnswer<"queues.list">["data"][number];

export const queuesList: Command = {
  name: "queues list",
  summary: "Queues, and how many of their jobs are where",
  args: [],
  options: API_OPTIONS,
  examples: ["queues list", "queues list --json"],
  run: async ({ values, out }) => {
    const data = await withClient(values, async (client) => {
      const rows: QueueSummary[] = [];
      for await (const queue of client.queues.list.each({ limit: 200 })) rows.push(queue);
      return rows;
    });
    const headers = ["QUEUE", "WAITING", "ACTIVE", "DELAYED", "FAILED", "COMPLETED", "WORKERS"];
    out.result({ data }, () =>
      data.length === 0 ? "There are no queues." : table(headers, data.map(row)),
    );
  },
};

const row = ({ name, isPaused, counts, workers }: QueueSummary): string[] => [
  isPaused ? `${name} (paused)` : name,
  ...[counts.waiting + counts.prioritized, counts.active, counts.delayed].map(String),
  ...[counts.failed, counts.completed, workers].map(String),
];

export const queuesGet: Command = {
  name: "queues get",
  summary: "A queue, as JSON",
  args: ["<queue>"],
  options: API_OPTIONS,
  examples: ["queues get emails"],
  run: async ({ args: [queue = ""], values, out }) => {
    const answer = await withClient(values, (client) => client.queues.get({ queue }));
    out.result(answer, () => JSON.stringify(answer, null, 2));
  },
};

export const queuesPause: Command = {
  name: "queues pause",
  summary: "Stop the workers of a queue from taking jobs; those that are active are finished",
  args: ["<queue>"],
  options: API_OPTIONS,
  examples: ["queues pause emails"],
  run: async ({ args: [queue = ""], values, out }) => {
    await withClient(values, (client) => client.queues.pause({ queue }));
    out.result({ queue, isPaused: true }, () => `${queue} is paused.`);
  },
};

export const queuesResume: Command = {
  name: "queues resume",
  summary: "Let the workers of a paused queue go on",
  args: ["<queue>"],
  options: API_OPTIONS,
  examples: ["queues resume emails"],
  run: async ({ args: [queue = ""], values, out }) => {
    await withClient(values, (client) => client.queues.resume({ queue }));
    out.result({ queue, isPaused: false }, () => `${queue} is not paused.`);
  },
};

const STATES = ["completed", "failed", "waiting", "prioritized", "delayed"] as const;
/** Removed in one step, so that workers get their turns. */
const STEP = 1_000;

export const queuesClean: Command = {
  name: "queues clean",
  summary: "Remove old jobs of a queue",
  args: ["<queue>"],
  options: {
    state: { kind: "text", value: "<state>", help: `${STATES.join(", ")} (default: completed)` },
    "older-than": {
      ...{ kind: "duration", value: "<time>" },
      help: "Only what finished, or was added, so long ago, such as 7d (default: all)",
    },
    ...API_OPTIONS,
  },
  examples: ["queues clean emails --older-than 7d", "queues clean emails --state failed"],
  run: async ({ args: [queue = ""], values, out }) => {
    const asked = values.text("state") ?? "completed";
    const state = STATES.find((known) => known === asked);
    if (state === undefined) throw usage(`--state is one of ${STATES.join(", ")}, not ${asked}`);
    const body = { state, olderThanMs: values.duration("older-than") ?? 0, limit: STEP };
    const removed = await withClient(values, async (client) => {
      const { counts } = await client.queues.get({ queue });
      const progress = out.progress(`Cleaning ${queue}`);
      let total = 0;
      for (;;) {
        const { removed } = await client.queues.clean({ queue, body });
        total += removed.length;
        const isDone = removed.length < STEP;
        progress(total, isDone ? total : Math.max(counts[state], total + 1));
        if (isDone) return total;
      }
    });
    out.result({ queue, state, removed }, () => `${removed} jobs of ${queue} were removed.`);
  },
};
