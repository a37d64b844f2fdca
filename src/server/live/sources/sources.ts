import type { Subscription } from "../subscription.ts";
import type { TopicName } from "../topic-name.ts";
import { QueueSource } from "./queue-source.ts";
import { RunListSource } from "./run-list-source.ts";
import { RunSource } from "./run-source.ts";
import type { Source, SourceHost } from "./source.ts";
import { StatsSource } from "./stats-source.ts";
import { StreamSource } from "./stream-source.ts";

/** The sources that somebody follows at present, each made once. */
export class Sources {
  readonly #host: SourceHost;
  readonly #sources = new Map<string, Source>();

  constructor(host: SourceHost) {
    this.#host = host;
  }

  join(subscription: Subscription, topic: TopicName): void {
    const key = keyOf(topic, subscription.topic);
    let source = this.#sources.get(key);
    if (source === undefined) this.#sources.set(key, (source = make(this.#host, topic)));
    source.join(subscription, topic);
  }

  leave(subscription: Subscription, topic: TopicName): void {
    const key = keyOf(topic, subscription.topic);
    if (this.#sources.get(key)?.leave(subscription)) this.#sources.delete(key);
  }
}

/** Topics of the same source have the same key. */
function keyOf(topic: TopicName, text: string): string {
  switch (topic.kind) {
    case "job":
    case "queue":
    case "counts":
      return `of queue ${topic.queue}`;
    case "run":
      return "of runs";
    default:
      return text;
  }
}

function make(host: SourceHost, topic: TopicName): Source {
  switch (topic.kind) {
    case "job":
    case "queue":
    case "counts":
      return new QueueSource(host, topic.queue);
    case "run":
      return new RunSource(host);
    case "stream":
      return new StreamSource(host, topic.runId, topic.stream);
    case "function":
      return new RunListSource(host, { functionIds: [topic.functionId] });
    case "tag":
      return new RunListSource(host, { tags: [topic.tag] });
    case "batch":
      return new RunListSource(host, { batchId: topic.batchId });
    case "stats":
      return new StatsSource(host);
  }
}
