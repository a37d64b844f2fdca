import { LonghaulError } from "../../core/errors.ts";
import { isQueueName } from "../../runs/store/queue-store.ts";
import { currentHost } from "../host/binding.ts";
import { pack, unpackText } from "../payload.ts";
import { currentPlace, requireScope, scopeForSteps, type TaskScope } from "../run/scope.ts";
import { attemptKey } from "../run/step-key.ts";
import type { Untyped } from "../types/untyped.ts";
import { Copy } from "./copy.ts";

/** Whose stream it is: this run's, its parent's, its root's, or that of the run of an id. @default "self" */
export type StreamTarget = string;

/** Where a stream's parts come from. */
export type StreamSource<TPart> = AsyncIterable<TPart> | ReadableStream<TPart> | Iterable<TPart>;

/** How a stream is written. */
export interface StreamWriteOptions {
  readonly target?: StreamTarget | undefined;
}

/** How a stream is read. */
export interface StreamReadOptions {
  /** The first part to read. @default 0 */
  readonly startIndex?: number | undefined;
  /** Ends when nothing has come for so long. @default 60 */
  readonly timeoutInSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What `pipe` and `writer` give at once. */
export interface StreamInProgress<TPart> {
  /** The parts, as they are written. */
  readonly stream: AsyncIterable<TPart>;
  /** Resolves once all parts are stored. The attempt waits for it too. */
  waitUntilComplete(): Promise<void>;
}

/** A named stream of runs. */
export interface StreamDefinition<TPart> {
  readonly id: string;
  /** In a task: writes all parts of a source, while the code goes on. */
  pipe(source: StreamSource<TPart>, options?: StreamWriteOptions): StreamInProgress<TPart>;
  /** In a task: adds one part. */
  append(part: TPart, options?: StreamWriteOptions): Promise<void>;
  /** In a task: writes what `execute` writes or merges. */
  writer(options: StreamWriterOptions<TPart>): StreamInProgress<TPart>;
  /** Reads the parts of a run, those that come later too. */
  read(runId: string, options?: StreamReadOptions): AsyncIterable<TPart>;
}

/** What writes parts by hand. */
export interface StreamWriterOptions<TPart> extends StreamWriteOptions {
  readonly execute: (tools: {
    write(part: TPart): void;
    /** Writes the parts of another source too. */
    merge(source: StreamSource<TPart>): void;
  }) => unknown;
}

/** Parts are stored so many at a time. */
const MAX_APPEND = 100;

/** Streams: what a run says bit by bit, for others to read while it runs. */
export const streams = {
  /**
   * Names a stream. Parts are whatever payloads may be.
   * @throws {LonghaulError} TASK_BAD_OPTION
   */
  define<TPart = Untyped>({ id }: { readonly id: string }): StreamDefinition<TPart> {
    if (!isQueueName(id))
      throw new LonghaulError("TASK_BAD_OPTION", {
        owner: "a stream",
        reason: "its id is no name",
      });
    return {
      id,
      append: (part, options) => append(id, part, options),
      pipe: (source, options) => pipe(id, source, options),
      writer: ({ execute, ...options }) => pipe(id, written(execute), options),
      read: (runId, options) => readStream<TPart>(id, runId, options),
    };
  },
};

/** A step, so that a replay does not say it again. */
async function append(id: string, part: unknown, options: StreamWriteOptions = {}): Promise<void> {
  const scope = requireScope("streams.append");
  const write = (): Promise<void> => store(scope, id, [part], options);
  if (scopeForSteps())
    await scope.run.run(attemptKey(scope, "streams.append", id), write, { retries: 0 });
  else await write();
}

/** One step for all parts: if the process dies in it, a replay writes those again that were stored. */
function pipe<TPart>(
  id: string,
  source: StreamSource<TPart>,
  options: StreamWriteOptions = {},
): StreamInProgress<TPart> {
  const scope = requireScope("streams.pipe");
  const key = attemptKey(scope, "streams.pipe", id);
  const copy = new Copy<TPart>();
  const body = async (): Promise<void> => {
    const waiting: TPart[] = [];
    let writing: Promise<void> = Promise.resolve();
    for await (const part of source as AsyncIterable<TPart>) {
      copy.push(part);
      waiting.push(part);
      if (waiting.length < MAX_APPEND) continue;
      await writing;
      writing = store(scope, id, waiting.splice(0), options);
    }
    await writing;
    await store(scope, id, waiting, options);
  };
  // The body of a step must not call another at once; a moment later it may.
  const done = Promise.resolve()
    .then(() => scope.run.run(key, body, { retries: 0 }))
    .then(() => copy.end())
    .catch((error: unknown) => {
      copy.end(error);
      throw error;
    });
  done.catch(() => {});
  scope.pending.add(done);
  return { stream: copy, waitUntilComplete: () => done };
}

async function store(
  scope: TaskScope,
  stream: string,
  parts: readonly unknown[],
  { target = "self" }: StreamWriteOptions,
): Promise<void> {
  if (parts.length === 0) return;
  const { run, host } = scope;
  const { parentRunId, rootRunId } = run.details;
  const family: Readonly<Record<string, string>> = {
    self: run.id,
    parent: parentRunId ?? run.id,
    root: rootRunId ?? run.id,
  };
  const chunks = parts.map((part) => JSON.stringify(pack(part)));
  const runId = family[target] ?? target;
  await host.stores.streams.append({ now: host.now(), runId, stream, chunks });
}

async function* readStream<TPart>(
  stream: string,
  runId: string,
  { startIndex = 0, timeoutInSeconds = 60, signal }: StreamReadOptions = {},
): AsyncIterable<TPart> {
  const host = currentPlace()?.scope.host ?? currentHost();
  const timeout = new AbortController();
  const ends = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal;
  const parts = host.stores.streams.watch({ runId, stream, from: startIndex }, ends);
  let timer: NodeJS.Timeout | undefined;
  const wind = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => timeout.abort(), timeoutInSeconds * 1_000);
  };
  wind();
  try {
    for await (const part of parts) {
      wind();
      yield unpackText(part) as TPart;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** What a writer writes, as a source. */
async function* written<TPart>(
  execute: StreamWriterOptions<TPart>["execute"],
): AsyncIterable<TPart> {
  const copy = new Copy<TPart>();
  const merges: Promise<void>[] = [];
  const merge = async (source: StreamSource<TPart>): Promise<void> => {
    for await (const part of source as AsyncIterable<TPart>) copy.push(part);
  };
  const tools = {
    write: (part: TPart) => copy.push(part),
    merge: (source: StreamSource<TPart>) => void merges.push(merge(source)),
  };
  const all = async (): Promise<void> => {
    await execute(tools);
    await Promise.all(merges);
  };
  all().then(
    () => copy.end(),
    (error: unknown) => copy.end(error),
  );
  yield* copy;
}
