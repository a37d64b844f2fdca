import { expect, test } from "vitest";
import { openServer, type ServerKit } from "../../../test/server/kit.ts";
import { openStore } from "../../../test/support/stores.ts";
import type { RuntimeParts } from "../../runtime/parts.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { AuditLog } from "./audit-log.ts";

interface Page {
  readonly data: readonly Record<string, unknown>[];
  readonly page: { readonly next: string | null };
}

const read = async ({ call }: ServerKit, query = ""): Promise<Page> =>
  (await (await call(`/audit${query}`)).json()) as Page;
const create = ({ call }: ServerKit, as: string, body: unknown = { name: "ci", role: "viewer" }) =>
  call("/tokens", { method: "POST", as, body, headers: { "x-request-id": `of-${as}` } });

test("says who did what, and who tried", async () => {
  const kit = openServer();
  await create(kit, "the-admin");
  await create(kit, "the-viewer");
  await create(kit, "the-admin", { name: "" });
  await kit.call("/tokens/tok_none/revoke", { method: "POST" });
  const { data } = await read(kit);
  const ada = { kind: "host", actor: "ada", role: "admin" };
  const requestId = "of-the-admin";
  expect(data).toMatchObject([
    { ...ada, action: "tokens.revoke", object: "tok_none", outcome: "refused", status: 404 },
    { ...ada, action: "tokens.create", outcome: "refused", status: 422, requestId },
    { actor: "vera", role: "viewer", outcome: "refused", status: 403, code: "SERVER_FORBIDDEN" },
    { ...ada, action: "tokens.create", object: "ci (viewer)", outcome: "done", status: 201 },
  ]);
  expect(data.at(-1)).toMatchObject({ requestId, at: expect.stringMatching(/Z$/) });
});

test("does not hold secrets, or what was only read, or those whom nobody knows", async () => {
  const kit = openServer();
  const { secret } = (await (await create(kit, "the-admin")).json()) as { secret: string };
  await create(kit, "nobody");
  await kit.call("/me");
  const page = await read(kit);
  expect(page.data).toHaveLength(1);
  expect(JSON.stringify(page)).not.toContain(secret);
});

test("is for admins", async () => {
  const { call } = openServer();
  expect((await call("/audit", { as: "the-operator" })).status).toBe(403);
});

test("is read page by page, while more is written, and filtered", async () => {
  const kit = openServer();
  for (let index = 0; index < 5; index++)
    await create(kit, index === 2 ? "the-viewer" : "the-admin", {
      name: `n${index}`,
      role: "admin",
    });
  const objects: unknown[] = [];
  let next: string | null = "";
  while (next !== null) {
    const page: Page = await read(kit, `?limit=2${next && `&cursor=${next}`}`);
    objects.push(...page.data.map(({ object }) => object));
    ({ next } = page.page);
    await create(kit, "the-admin", { name: "later", role: "viewer" });
  }
  expect(objects).toEqual(["n4 (admin)", "n3 (admin)", "", "n1 (admin)", "n0 (admin)"]);
  expect((await read(kit, "?actor=vera")).data).toHaveLength(1);
  expect((await read(kit, "?outcome=refused&action=tokens.create")).data).toHaveLength(1);
  expect((await read(kit, "?action=runs.cancel")).data).toEqual([]);
});

test("is kept for 90 days, and no longer than the number of rows that it may have", async () => {
  const clock = new VirtualClock();
  const store = openStore({ path: ":memory:", clock });
  const log = new AuditLog({ store, clock } as unknown as RuntimeParts, 3);
  const principal = { kind: "host", name: "ada", role: "admin", scopes: [] } as const;
  const write = (object: string) =>
    log.write({ principal, action: "runs.cancel", object, status: 200, requestId: "r" });
  const objects = async () => (await log.list({ limit: 10 })).map(({ object }) => object);
  for (const object of ["a", "b", "c", "d"]) await write(object);
  expect(await objects()).toEqual(["d", "c", "b"]);
  await clock.advance(90 * 24 * 3_600_000);
  await write("e");
  expect(await objects()).toEqual(["e", "d", "c"]);
  await clock.advance(1);
  await write("x".repeat(10_000));
  expect(await objects()).toEqual(["x".repeat(500), "e"]);
});
