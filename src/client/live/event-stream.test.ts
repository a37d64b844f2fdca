import fc from "fast-check";
import { expect, test } from "vitest";
import { readEventStream, type ServerSentEvent } from "./event-stream.ts";

/** Reads `bytes`, cut at the given places. */
async function read(bytes: Uint8Array, cuts: readonly number[] = []): Promise<ServerSentEvent[]> {
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const [index, end] of places.slice(1).entries())
        controller.enqueue(bytes.subarray(places[index], end));
      controller.close();
    },
  });
  const events: ServerSentEvent[] = [];
  for await (const batch of readEventStream(body)) events.push(...batch.events);
  return events;
}

const encode = (text: string) => new TextEncoder().encode(text);

test("reads messages with every field, comments and all line ends", async () => {
  const events = await read(
    encode(": hello\n\nid: 7\nevent: patch\ndata: one\ndata:two\n\ndata: é €\r\n\r\ndata\r\r"),
  );
  expect(events).toEqual([
    { id: "7", event: "patch", data: "one\ntwo" },
    { id: "7", event: "message", data: "é €" },
  ]);
});

test("a message that is cut off at the end is none", async () => {
  expect(await read(encode("data: whole\n\ndata: hal"))).toEqual([
    { id: "", event: "message", data: "whole" },
  ]);
});

test("says the same wherever the bytes are cut", async () => {
  const bytes = encode(
    'id: 1\r\nevent: snapshot\r\ndata: {"a":"ü😀"}\r\n\r\n:\n\ndata: x\n\nid: 2\rdata: y\r\rdata: z\n\n',
  );
  const whole = await read(bytes);
  expect(whole).toHaveLength(4);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
      expect(await read(bytes, cuts)).toEqual(whole);
    }),
  );
});

test("a heartbeat may say where the stream stands", async () => {
  const body = new Response(": hi\n\n:\nid: 5\n\n").body!;
  const ids: string[] = [];
  for await (const { id } of readEventStream(body)) ids.push(id);
  expect(ids).toEqual(["5"]);
});

test("who stops reading closes the connection", async () => {
  let isCanceled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encode("data: 1\n\ndata: 2\n\n")),
    cancel: () => void (isCanceled = true),
  });
  for await (const { events } of readEventStream(body)) if (events[0]?.data === "1") break;
  expect(isCanceled).toBe(true);
});
