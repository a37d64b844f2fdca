import { expect, onTestFinished, test } from "vitest";
import { startRuns } from "../../../test/server/run-kit.ts";
import { createLonghaul } from "../../index.ts";
import { auth, task, tasks, wait } from "../index.ts";

const greet = task({ id: "greet", run: async (name: string) => `Hello ${name}` });
const asks = task({
  id: "asks",
  run: async () => {
    const token = await wait.createToken({ timeout: "1h" });
    const answer = await wait.forToken<{ isRight: boolean }>(token);
    return { url: token.url, answer: answer.ok && answer.output };
  },
});

test("createPublicToken names runs, tags, tasks, batches and waitpoints, and nothing else", async () => {
  const kit = await startRuns({ tasks: [greet] });
  const { id } = await greet.trigger("Ada", { tags: ["ada"] });
  await kit.ended(id);
  const statusWith = async (as: string, path: string): Promise<number> =>
    (await kit.call(path, { as })).status;
  for (const read of [{ runs: id }, { tags: ["ada"] }, { tasks: "greet" }])
    expect(
      await statusWith(await auth.createPublicToken({ scopes: { read } }), `/runs/${id}`),
    ).toBe(200);
  const other = await auth.createPublicToken({
    scopes: { read: { runs: ["run_other"] } },
    expirationTime: "1h",
  });
  expect(await statusWith(other, `/runs/${id}`)).toBe(403);
  const refusals: [scopes: object, expirationTime: string, code: string][] = [
    [{ read: { runs: true } }, "1h", "TASK_UNSUPPORTED"],
    [{ read: { sessions: "s" } }, "1h", "TASK_UNSUPPORTED"],
    [{ read: {} }, "1h", "TASK_BAD_CALL"],
    [{ read: { runs: id } }, "2d", "AUTH_BAD_EXPIRY"],
  ];
  for (const [scopes, expirationTime, code] of refusals)
    await expect(auth.createPublicToken({ scopes, expirationTime })).rejects.toMatchObject({
      code,
    });
});

test("createTriggerPublicToken triggers its task once, unless it may do so again", async () => {
  const kit = await startRuns({ tasks: [greet] });
  const trigger = async (as: string, id = "greet"): Promise<number> => {
    const body = { payload: "Ada" };
    return (await kit.call(`/tasks/${id}/trigger`, { method: "POST", body, as })).status;
  };
  const once = await auth.createTriggerPublicToken("greet");
  expect(await trigger(once, "other")).toBe(403);
  expect(await trigger(once)).toBe(201);
  expect(await trigger(once)).toBeGreaterThanOrEqual(400);
  const often = await auth.createTriggerPublicToken(greet, { multipleUse: true });
  expect([await trigger(often), await trigger(often)]).toEqual([201, 201]);
});

test("a handle carries a token for the browser that follows its run", async () => {
  const kit = await startRuns({ tasks: [greet] });
  const { id, publicAccessToken } = await tasks.trigger<typeof greet>("greet", "Ada");
  expect((await kit.call(`/runs/${id}`, { as: publicAccessToken })).status).toBe(200);
});

test("without a server there are no tokens, and handles carry none", async () => {
  const longhaul = createLonghaul({ url: ":memory:", tasks: [greet] });
  onTestFinished(() => longhaul.close());
  await expect(auth.createPublicToken({ scopes: { read: { runs: "run_1" } } })).rejects.toThrow(
    expect.objectContaining({ code: "TASK_UNSUPPORTED" }),
  );
  expect(await greet.trigger("Ada")).not.toHaveProperty("publicAccessToken");
  expect(await wait.createToken()).not.toHaveProperty("url");
});

test("a token's url completes it once, with the body, without a login; no other address does", async () => {
  const kit = await startRuns({ tasks: [asks] }, { publicUrl: "https://example.com/jobs/" });
  const { id } = await kit.post("/tasks/asks/trigger", {});
  for await (const { state } of kit.runStores.runs.watchRun(id)) if (state === "waiting") break;
  const [token] = (await kit.get("/waitpoints/tokens")).data;
  const { url, id: own } = await wait.createToken();
  expect(url).toMatch(
    new RegExp(`^https://example.com/jobs/api/v1/tokens/${own}/callback/[\\w-]{43}$`),
  );
  const pathOf = (address: string): string =>
    address.slice("https://example.com/jobs/api/v1".length);
  const post = async (path: string): Promise<number> =>
    (await kit.call(path, { method: "POST", body: { isRight: true }, as: null })).status;
  // The hash of one token opens no other.
  expect(await post(pathOf(url!.replace(own, token.id)))).toBe(404);
  expect((await kit.get(`/waitpoints/tokens/${token.id}`)).state).toBe("waiting");
  expect(await post(pathOf(url!))).toBe(200);
  expect(await post(pathOf(url!))).toBe(409);
  expect(await kit.get(`/waitpoints/tokens/${own}`)).toMatchObject({
    state: "completed",
    output: { isRight: true },
  });
  await kit.post(`/waitpoints/tokens/${token.id}/complete`, { data: { isRight: false } });
  const { output } = await kit.ended(id);
  expect(output.answer).toEqual({ isRight: false });
  expect(output.url).toContain(`/tokens/${token.id}/callback/`);
});
