import { expect, onTestFinished, test, vi } from "vitest";
import { createLonghaul, type LonghaulOptions } from "./longhaul.ts";

// The server is loaded when it is first asked for, which takes a while where it is compiled on the way.
vi.setConfig({ testTimeout: 30_000 });

const ADMIN = "a-token-of-sixteen-characters";

function open(server: LonghaulOptions["server"]) {
  const longhaul = createLonghaul({ url: ":memory:", server });
  onTestFinished(() => longhaul.close());
  return longhaul;
}

const ask = (token?: string): Request =>
  new Request("http://localhost/jobs/api/v1/queues", {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });

test("a runtime answers requests to its HTTP API, made as its option says", async () => {
  const { fetch } = open({
    basePath: "/jobs",
    auth: { adminToken: ADMIN },
  });
  expect((await fetch(ask())).status).toBe(401);
  const answer = await fetch(ask(ADMIN));
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ data: [] });
});

test("a bad option of the server is told to who asks first, and closing goes on", async () => {
  const longhaul = open({ basePath: "jobs/" });
  await expect(longhaul.fetch(ask())).rejects.toMatchObject({ code: "SERVER_BAD_OPTION" });
  await longhaul.close();
});

test("closing the runtime ends live connections", async () => {
  const longhaul = open({ auth: { authorize: () => ({ name: "ada", role: "viewer" }) } });
  const stream = await longhaul.fetch(
    new Request("http://localhost/api/v1/stream?topics=queue:mails"),
  );
  expect(stream.status).toBe(200);
  const [text] = await Promise.all([stream.text(), longhaul.close()]);
  expect(text).toContain("event: snapshot");
  expect((await longhaul.fetch(ask())).status).toBe(503);
});
