import type { Subscription } from "../subscription.ts";
import type { TopicName } from "../topic-name.ts";
import { QueueSource } from "./queue-source.ts";
import type { Source, SourceHost } from "./source.ts";

/** The sources that somebody follows at present, each made once. */
export class Sources {
  readonly #host: SourceHost;
  readonly #sources = new Map<string, Source>();

  constructor(host: SourceHost) {
    this.#host = host;
  }

  join(subscription: Subscription, topic: TopicName): void {
    const key = keyOf(topic);
    let source = this.#sources.get(key);
    if (source === undefined) this.#sources.set(key, (source = make(this.#host, topic)));
    source.join(subscription, topic);
  }

  leave(subscription: Subscription, topic: TopicName): void {
    const key = keyOf(topic);
    if (this.#sources.get(key)?.leave(subscription)) this.#sources.delete(key);
  }
}

/** Topics of the same source have the same key. */
function keyOf(topic: TopicName): string {
  switch (topic.kind) {
    case "job":
    case "queue":
    case "counts":
      return `queue ${topic.queue}`;
    default:
      return topic.kind;
  }
}

function make(host: SourceHost, topic: TopicName): Source {
  switch (topic.kind) {
    case "job":
    case "queue":
    case "counts":
      return new QueueSource(host, topic.queue);
    default:
      throw new Error(topic.kind);
  }
}
