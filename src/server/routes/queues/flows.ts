import type { FlowJob, JobNode } from "bullmq";
import { z } from "zod";
import { type FlowNode, MAX_NODES, readFlow } from "../../../queue/browse/flow-tree.ts";
import { InvalidRequest } from "../../problem.ts";
import type { Redactor } from "../../redact.ts";
import { route } from "../../route.ts";
import { jobParams, json, queueName } from "./fields.ts";
import { findJob, withOptions } from "./find-queue.ts";
import { flowOptions, optionsOf } from "./job-options.ts";
import { jobSummary, showJob } from "./show-job.ts";

/** Jobs that wait for other jobs. */

const newFlowJob = z.strictObject({
  name: z.string().min(1).max(512),
  queueName: queueName.regex(/^[^:]+$/, "queues of flows have BullMQ's default prefix"),
  data: json.default({}),
  opts: flowOptions.default({}),
  get children() {
    return z.array(newFlowJob).max(1_000).optional();
  },
});

const addedJob = z.object({
  id: z.string(),
  queue: z.string(),
  get children() {
    return z.array(addedJob);
  },
});

/** Deeper flows, and larger ones, are no business of one request. */
const MAX_DEPTH = 20;

export const addFlow = route({
  id: "flows.add",
  summary: "Adds a job with the jobs that it waits for: all of them, or none",
  role: "operator",
  body: newFlowJob,
  answer: addedJob,
  status: 201,
  handler: async ({ body, host, idempotencyKey }) => {
    let left = MAX_NODES;
    const toFlow = (job: z.output<typeof newFlowJob>, depth: number): FlowJob => {
      const number = MAX_NODES - left--;
      if (left < 0 || depth > MAX_DEPTH)
        throw new InvalidRequest([
          { pointer: "#/children", detail: `at most ${MAX_NODES} jobs, ${MAX_DEPTH} levels deep` },
        ]);
      const id = idempotencyKey === undefined ? undefined : `${idempotencyKey}-${number}`;
      const { name, queueName: queue, data, opts, children = [] } = job;
      return {
        ...{ name, queueName: queue, data, opts: optionsOf(opts, id) },
        children: children.map((child) => toFlow(child, depth + 1)),
      };
    };
    const flow = toFlow(body, 0);
    const node = await withOptions("#/opts", () => host.queues.flows.add(flow));
    return showAdded(node);
  },
});

function showAdded({ job, children = [] }: JobNode): z.input<typeof addedJob> {
  return { id: job.id!, queue: job.queueName, children: children.map(showAdded) };
}

const flowNode = z.object({
  id: z.string(),
  queue: z.string(),
  /** How its parent sees it; null for the root. */
  asChild: z.enum(["pending", "processed", "ignored", "failed"]).nullable(),
  /** Null when it was removed. */
  job: jobSummary.nullable(),
  get children() {
    return z.array(flowNode);
  },
  /** Whether it has more children than are shown. */
  hasMore: z.boolean(),
});

export const jobFlow = route({
  id: "jobs.flow",
  summary: "The flow that a job belongs to, from its root down",
  description: "For viewers only: the jobs of a flow may be in any queue.",
  role: "viewer",
  params: jobParams,
  query: z.strictObject({
    depth: z.coerce.number().int().min(0).max(20).default(5),
    /** Children that are shown of each job. */
    width: z.coerce.number().int().min(1).max(500).default(50),
  }),
  answer: flowNode,
  handler: async ({ params, query, host }) => {
    const { key } = await findJob(host, params);
    return showNode(await readFlow(host.parts.store, key, query), host.redact);
  },
});

function showNode(node: FlowNode, redact: Redactor): z.input<typeof flowNode> {
  return {
    ...node,
    job: node.job && showJob(node.job, redact),
    children: node.children.map((child) => showNode(child, redact)),
  };
}
