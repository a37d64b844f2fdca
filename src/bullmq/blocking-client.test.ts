import { Cluster, Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { blockingConnection } from "./blocking-client.ts";

const clients: { disconnect(): void }[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

function remember<Client extends { disconnect(): void }>(client: Client): Client {
  clients.push(client);
  return client;
}

test("an ioredis client that gives up becomes options that do not", () => {
  const options = { lazyConnect: true, host: "cache", port: 6380, password: "secret", db: 3 };
  const client = remember(new Redis({ ...options, maxRetriesPerRequest: 20 }));
  expect(blockingConnection(client)).toMatchObject({ ...options, maxRetriesPerRequest: null });
});

test.each([
  [
    "a client that never gives up",
    () => new Redis({ lazyConnect: true, maxRetriesPerRequest: null }),
  ],
  ["a cluster", () => new Cluster([{ host: "a" }], { lazyConnect: true })],
  ["a client with a key prefix", () => new Redis({ lazyConnect: true, keyPrefix: "p" })],
])("%s is left to BullMQ", (_, make) => {
  const client = remember(make());
  expect(blockingConnection(client)).toBe(client);
});

test("options are left to BullMQ", () => {
  const options = { host: "a", maxRetriesPerRequest: 5 };
  expect(blockingConnection(options)).toBe(options);
});
