import { LonghaulError } from "../../core/errors.ts";

/** What a topic is about. */
export type TopicName =
  | { readonly kind: "job"; readonly queue: string; readonly jobId: string }
  | { readonly kind: "queue" | "counts"; readonly queue: string }
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "stream"; readonly runId: string; readonly stream: string }
  | { readonly kind: "function"; readonly functionId: string }
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "batch"; readonly batchId: string }
  | { readonly kind: "stats" };

/** Longer names are not looked up. */
const MAX_LENGTH = 1_000;

/** @throws {LonghaulError} LIVE_BAD_TOPIC */
export function parseTopic(text: string): TopicName {
  if (text === "stats") return { kind: "stats" };
  const colon = text.indexOf(":");
  const rest = text.slice(colon + 1);
  if (colon < 0 || rest === "" || text.length > MAX_LENGTH)
    throw new LonghaulError("LIVE_BAD_TOPIC", { topic: text.slice(0, 100) });
  const parsed = parseKind(text.slice(0, colon), rest);
  if (parsed === undefined)
    throw new LonghaulError("LIVE_BAD_TOPIC", { topic: text.slice(0, 100) });
  return parsed;
}

function parseKind(kind: string, rest: string): TopicName | undefined {
  switch (kind) {
    case "job": {
      const [queue, jobId] = split(rest);
      return queue === "" || jobId === "" ? undefined : { kind, queue, jobId };
    }
    case "stream": {
      const [runId, stream] = split(rest);
      return runId === "" || stream === "" ? undefined : { kind, runId, stream };
    }
    case "queue":
    case "counts":
      return { kind, queue: rest };
    case "run":
      return { kind, runId: rest };
    case "function":
    case "task":
      return { kind: "function", functionId: rest };
    case "tag":
      return { kind, tag: rest };
    case "batch":
      return { kind, batchId: rest };
    default:
      return undefined;
  }
}

/** At the first colon; the second part is empty without one. */
function split(text: string): [string, string] {
  const colon = text.indexOf(":");
  return colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
}
