/** One message of a `text/event-stream`. */
export interface ServerSentEvent {
  /** The last id that the stream named, in this message or an earlier one. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** What arrived together. */
export interface EventBatch {
  readonly events: readonly ServerSentEvent[];
  /** The last id that was named, also by a heartbeat that says nothing else. */
  readonly id: string;
}

/**
 * Reads a `text/event-stream` (WHATWG HTML, 9.2.6) however its bytes are cut up. What arrives together is given
 * together. Comments count as signs of life and are otherwise ignored.
 *
 * @param onChunk called for whatever arrives, heartbeats too
 */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  onChunk: () => void = () => {},
): AsyncGenerator<EventBatch, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [text, id, named, event] = ["", "", "", ""];
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onChunk();
      text += decoder.decode(value, { stream: true });
      // A CR at the very end may be the first half of a CR LF.
      const lines = text.split(/\r\n|\n|\r(?=[^])/);
      text = lines.pop()!;
      const events: ServerSentEvent[] = [];
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0)
            events.push({ id, event: event || "message", data: data.join("\n") });
          [event, data] = ["", []];
          continue;
        }
        const [, field, content = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
        if (field === "data") data.push(content);
        else if (field === "event") event = content;
        else if (field === "id" && !content.includes("\0")) id = content;
      }
      if (events.length > 0 || id !== named) yield { events, id };
      named = id;
    }
  } finally {
    // Whoever stops reading closes the connection; a stream that broke has nothing to cancel.
    await reader.cancel().catch(() => {});
  }
}
