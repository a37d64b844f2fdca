import { isLonghaulError, LonghaulError } from "../../core/errors.ts";
import { isAllowed, type Principal } from "../principal.ts";
import type { RefusedMessage } from "./messages.ts";
import { parseTopic, type TopicName } from "./topic-name.ts";

/** Scopes of which one suffices to follow a topic; without one it needs a viewer. */
export function scopesOf(topic: TopicName): readonly string[] {
  switch (topic.kind) {
    case "job":
      return [`read:job:${topic.queue}:${topic.jobId}`, `read:queue:${topic.queue}`];
    case "queue":
    case "counts":
      return [`read:queue:${topic.queue}`];
    case "run":
    case "stream":
      return [`read:run:${topic.runId}`];
    case "function":
      return [`read:function:${topic.functionId}`];
    case "tag":
      return [`read:tag:${topic.tag}`];
    case "batch":
      return [`read:batch:${topic.batchId}`];
    case "stats":
      return [];
  }
}

/** Scopes of a run that come with what it belongs to. */
export type ScopesOfRun = (runId: string) => Promise<readonly string[]>;

/**
 * Whether somebody may follow all of these topics.
 *
 * @throws {LonghaulError} SERVER_FORBIDDEN, LIVE_BAD_TOPIC
 */
export async function checkTopics(
  principal: Principal,
  topics: readonly string[],
  scopesOfRun: ScopesOfRun,
): Promise<void> {
  for (const topic of topics) await checkTopic(principal, topic, scopesOfRun);
}

/** Which of some topics somebody may follow, and why not the others. */
export async function splitTopics(
  principal: Principal,
  topics: readonly string[],
  scopesOfRun: ScopesOfRun,
): Promise<{ readonly allowed: string[]; readonly refused: RefusedMessage[] }> {
  const [allowed, refused]: [string[], RefusedMessage[]] = [[], []];
  for (const topic of topics) {
    try {
      await checkTopic(principal, topic, scopesOfRun);
      allowed.push(topic);
    } catch (error) {
      if (!isLonghaulError(error) || error.status >= 500) throw error;
      const { status, code, message: detail } = error;
      refused.push({ topic, status, code, detail });
    }
  }
  return { allowed, refused };
}

async function checkTopic(
  principal: Principal,
  text: string,
  scopesOfRun: ScopesOfRun,
): Promise<void> {
  const topic = parseTopic(text);
  if (isAllowed(principal, "viewer", scopesOf(topic))) return;
  const isOfRun = topic.kind === "run" || topic.kind === "stream";
  if (isOfRun && isAllowed(principal, "viewer", await scopesOfRun(topic.runId))) return;
  throw new LonghaulError("SERVER_FORBIDDEN", { needed: "viewer" });
}
