import { ChildState } from "../flow/children.ts";
import { parseJobKey } from "../jobs/job-key.ts";
import { encodeJobId } from "../jobs/job-id.ts";
import { type JobSummary, type Reader, summariesOf } from "./job-summary.ts";
import { shownQueueName } from "./queue-name.ts";

/** How much of a tree is shown. */
export interface TreeBounds {
  /** Levels below the root. */
  readonly depth: number;
  /** Children of one job. */
  readonly width: number;
}

/** A job of a flow with those it waits, or waited, for. */
export interface FlowNode {
  readonly id: string;
  readonly queue: string;
  /** How its parent sees it; null for the root. */
  readonly asChild: "pending" | "processed" | "ignored" | "failed" | null;
  /** Null when it was removed. */
  readonly job: JobSummary | null;
  readonly children: readonly FlowNode[];
  /** Whether it has more children than are shown. */
  readonly hasMore: boolean;
}

/** Jobs of a tree that are shown at most. */
export const MAX_NODES = 1_000;
/** A job may be made its own ancestor, and then has no root. */
const MAX_CLIMB = 50;

const QUEUE = "SELECT id FROM queue WHERE prefix = ? AND name = ?";
const PARENT = "SELECT parent_key FROM job WHERE pk = ?";
const KEY = "SELECT pk FROM job WHERE queue = ? AND id = ?";
const CHILDREN = "SELECT child_key, state FROM child WHERE parent = ? ORDER BY state, rank LIMIT ?";

const AS_CHILD = {
  [ChildState.pending]: "pending",
  [ChildState.processed]: "processed",
  [ChildState.ignored]: "ignored",
  [ChildState.failed]: "failed",
} as const;

/** The flow that a job belongs to, from its root down. @param key of the job */
export async function readFlow(reader: Reader, key: number, bounds: TreeBounds): Promise<FlowNode> {
  const tree = new FlowReader(reader, bounds);
  return tree.read(await tree.rootOf(key));
}

interface Place {
  readonly queue: string;
  readonly id: string;
  /** Null if the job is gone. */
  readonly key: number | null;
}

class FlowReader {
  readonly #reader: Reader;
  readonly #bounds: TreeBounds;
  readonly #seen = new Set<number>();
  #left = MAX_NODES;

  constructor(reader: Reader, bounds: TreeBounds) {
    this.#reader = reader;
    this.#bounds = bounds;
  }

  /** The job above all others that are there. */
  async rootOf(key: number): Promise<number> {
    let root = key;
    for (let n = 0; n < MAX_CLIMB; n++) {
      const [[parentKey] = [null]] = await this.#reader.query(PARENT, [root]);
      const parent = parentKey === null ? undefined : await this.#find(parentKey as string);
      if (parent?.key === undefined || parent.key === null || parent.key === key) break;
      root = parent.key;
    }
    return root;
  }

  async read(key: number): Promise<FlowNode> {
    const [root] = await summariesOf(this.#reader, [key]);
    const place = { key, queue: root?.job.queue ?? "", id: root?.job.id ?? "" };
    return this.#node(place, null, root?.job ?? null, 0);
  }

  async #node(
    { id, queue, key }: Place,
    asChild: FlowNode["asChild"],
    job: JobSummary | null,
    level: number,
  ): Promise<FlowNode> {
    this.#left--;
    const leaf = { id, queue, asChild, job, children: [], hasMore: false };
    if (key === null || this.#seen.has(key)) return leaf;
    this.#seen.add(key);
    const width = level < this.#bounds.depth ? Math.min(this.#bounds.width, this.#left) : 0;
    const rows = (await this.#reader.query(CHILDREN, [key, width + 1])) as [string, ChildState][];
    const shown = rows.slice(0, width);
    const places = await Promise.all(shown.map(([childKey]) => this.#find(childKey)));
    const keys = places.flatMap((place) => place.key ?? []);
    const jobs = new Map(
      (await summariesOf(this.#reader, keys)).map((found) => [found.key, found.job] as const),
    );
    const children: FlowNode[] = [];
    for (const [index, place] of places.entries()) {
      if (this.#left <= 0) break;
      const child = place.key === null ? null : (jobs.get(place.key) ?? null);
      children.push(await this.#node(place, AS_CHILD[shown[index]![1]], child, level + 1));
    }
    return { ...leaf, children, hasMore: rows.length > children.length };
  }

  /** The job that a qualified key names. */
  async #find(jobKey: string): Promise<Place> {
    const known = new Map<string, number>();
    for (let colon = jobKey.lastIndexOf(":"); colon > 0 && known.size === 0;) {
      const queueKey = jobKey.slice(0, colon);
      const end = queueKey.lastIndexOf(":");
      const ref = [queueKey.slice(0, end), queueKey.slice(end + 1)];
      const [row] = end < 0 ? [] : await this.#reader.query(QUEUE, ref);
      if (row) known.set(queueKey, row[0] as number);
      colon = end;
    }
    const { prefix, queueName, id } = parseJobKey(jobKey, (queueKey) => known.has(queueKey));
    const queue = known.get(`${prefix}:${queueName}`);
    const rows = queue === undefined ? [] : await this.#reader.query(KEY, [queue, encodeJobId(id)]);
    const key = (rows[0]?.[0] as number | undefined) ?? null;
    return { queue: shownQueueName(prefix, queueName), id, key };
  }
}
