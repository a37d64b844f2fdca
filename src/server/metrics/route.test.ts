import { expect, test } from "vitest";
import { openServer } from "../../../test/server/kit.ts";

test("viewers get metrics as text, others nothing", async () => {
  const { call, longhaul } = openServer();
  await longhaul.send({ name: "anything" });
  const answer = await call("/metrics", { as: "the-viewer" });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await answer.text()).toMatch(/^longhaul_events_total 1$/m);
  expect((await call("/metrics", { as: null })).status).toBe(401);
  expect((await call("/metrics", { as: "the-guest" })).status).toBe(403);
});
