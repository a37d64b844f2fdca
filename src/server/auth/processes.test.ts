import { expect, test } from "vitest";
import { newPath, openStore } from "../../../test/support/stores.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import type { RuntimeParts } from "../../runtime/parts.ts";
import type { Principal } from "../principal.ts";
import { ApiTokens } from "./api-tokens.ts";
import { LoginSessions } from "./login-sessions.ts";
import { hashOf } from "./secrets.ts";
import { signingSecret } from "./signing-secret.ts";
import { usingOnce } from "./used-tokens.ts";

/** What two processes that share a file each have: a store with a connection of its own. */
function openTwo() {
  const path = newPath("file");
  const clock = new VirtualClock();
  const stores = [openStore({ path, clock }), openStore({ path, clock })] as const;
  return { clock, stores, tokens: stores.map((store) => new ApiTokens(store, clock)) };
}

test("a token that one process makes works in the other, until the first revokes it", async () => {
  const { tokens } = openTwo();
  const [one, other] = tokens;
  const { secret, token } = await one!.create({ name: "ci", role: "viewer", createdBy: "ada" });
  expect(other!.find(secret)).toMatchObject({ id: token.id, name: "ci", role: "viewer" });
  expect(await one!.revoke(token.id)).toMatchObject({ revokedAt: expect.any(Number) });
  expect(other!.find(secret)).toBeUndefined();
});

test("so does a login", async () => {
  const { clock, stores } = openTwo();
  const [one, other] = stores.map((store) => new LoginSessions(store, clock));
  const cookie = await one!.create(hashOf("token"));
  expect(other!.find(cookie)?.tokenHash).toEqual(hashOf("token"));
  await one!.end(cookie);
  expect(other!.find(cookie)).toBeUndefined();
});

test("all agree on what public tokens are signed with", async () => {
  const { stores } = openTwo();
  const secrets = await Promise.all(stores.map((store) => signingSecret(store)));
  expect(secrets[0]).toMatch(/^[\w-]{43}$/);
  expect(secrets[1]).toBe(secrets[0]);
});

const principal = (clock: VirtualClock): Principal => ({
  ...{ kind: "public", name: "public token", scopes: ["trigger:task:x"] },
  ...{ expiresAt: clock.now() + 60_000, singleUse: "one" },
});
const partsOf = ({ clock, stores }: ReturnType<typeof openTwo>): RuntimeParts[] =>
  stores.map((store) => ({ store, clock }) as unknown as RuntimeParts);

test("of those who use a token for one use at once, one does", async () => {
  const two = openTwo();
  const who = principal(two.clock);
  let done = 0;
  const use = (parts: RuntimeParts) =>
    usingOnce(parts, who, async () => {
      done++;
      await Promise.resolve();
      return Response.json({});
    });
  const parts = partsOf(two);
  const tries = [...parts, ...parts, ...parts].map(use);
  const results = await Promise.allSettled(tries);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const refused = results.filter((result) => result.status === "rejected");
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "AUTH_TOKEN_USED" });
  expect(done).toBe(1);
});

test("what fails uses nothing up", async () => {
  const two = openTwo();
  const [parts] = partsOf(two);
  const who = principal(two.clock);
  const use = (work: () => Promise<Response>) => usingOnce(parts!, who, work);
  await expect(use(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect((await use(() => Promise.resolve(new Response(null, { status: 422 })))).status).toBe(422);
  expect((await use(() => Promise.resolve(new Response()))).status).toBe(200);
  await expect(use(() => Promise.resolve(new Response()))).rejects.toThrow(/one use/);
});

test("used tokens are forgotten once they are over", async () => {
  const two = openTwo();
  const [parts] = partsOf(two);
  const use = () => usingOnce(parts!, principal(two.clock), () => Promise.resolve(new Response()));
  await use();
  await two.clock.advance(60_000);
  const other = { ...principal(two.clock), singleUse: "other" };
  await usingOnce(parts!, other, () => Promise.resolve(new Response()));
  const rows = await two.stores[0].query("SELECT id FROM used_token");
  expect(rows).toEqual([["other"]]);
});
