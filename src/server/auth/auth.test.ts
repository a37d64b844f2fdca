import { afterEach, describe, expect, test, vi } from "vitest";
import { openServer } from "../../../test/server/kit.ts";
import type { FunctionDefinition } from "../../runs/definition.ts";
import { partsOf } from "../../runtime/parts.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import type { Problem } from "../problem.ts";
import { createPublicToken } from "./create-public-token.ts";
import type { AuthOptions } from "./options.ts";

const ADMIN = "correct-horse-battery-staple";
const MINUTE = 60_000;
const BASE = "http://localhost:4400/api/v1";

const resize: FunctionDefinition = {
  ...{ id: "resize", triggers: [], retries: 0, backoff: () => 0 },
  handler: () => Promise.resolve(null),
};

interface Sent {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly from?: string;
}

function open(auth: AuthOptions = {}) {
  const clock = new VirtualClock();
  const { server, longhaul } = openServer({ auth }, { clock });
  const send = (path: string, { method = "GET", token, body, headers, from }: Sent = {}) => {
    const request = new Request(path.startsWith("http") ? path : `${BASE}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return server.fetch(request, { remoteAddress: from });
  };
  const status = async (path: string, sent?: Sent) => (await send(path, sent)).status;
  const newToken = async (wanted: object) => {
    const answer = await send("/tokens", { method: "POST", token: ADMIN, body: wanted });
    expect(answer.status).toBe(201);
    return (await answer.json()) as { id: string; secret: string };
  };
  return { clock, longhaul, send, status, newToken };
}

afterEach(() => vi.unstubAllEnvs());

describe("closed by default", () => {
  test.each(["/me", "/runs/run_1", "/tokens", "/audit", "/jobs/emails/stats"])(
    "%s answers 401 without a token, and says nothing of itself",
    async (path) => {
      const { send } = open();
      const answer = await send(path, { from: "127.0.0.1" });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(((await answer.json()) as Problem).code).toBe("SERVER_UNAUTHENTICATED");
    },
  );

  test.each([
    ["Basic abc"],
    ["Bearer"],
    ["Bearer wrong"],
    ["Bearer lh_sk_wrong"],
    ["Bearer lh_pt_wrong.wrong"],
    [`bearer  ${ADMIN} x`],
    [`Token ${ADMIN}`],
  ])("%s opens nothing", async (authorization) => {
    const { status } = open({ adminToken: ADMIN, local: true });
    const from = authorization.startsWith("Bearer ") ? "127.0.0.1" : "10.0.0.7";
    expect(await status("/me", { headers: { authorization }, from })).toBe(401);
  });
});

describe("the admin's token", () => {
  test("is that of the environment, and always works", async () => {
    vi.stubEnv("LONGHAUL_ADMIN_TOKEN", ADMIN);
    const { send } = open();
    const answer = await send("/me", { token: ADMIN });
    expect(await answer.json()).toMatchObject({ name: "LONGHAUL_ADMIN_TOKEN", role: "admin" });
  });

  test("is refused at the start if it can be guessed", () => {
    vi.stubEnv("LONGHAUL_ADMIN_TOKEN", "secret");
    expect(() => open()).toThrow(expect.objectContaining({ code: "AUTH_BAD_OPTION" }));
  });

  test("does not work where the host wants none of our tokens", async () => {
    vi.stubEnv("LONGHAUL_ADMIN_TOKEN", ADMIN);
    const { status } = open({ tokens: false });
    expect(await status("/me", { token: ADMIN })).toBe(401);
    expect(() => open({ tokens: false, adminToken: ADMIN })).toThrow(/adminToken/);
  });

  test("cannot be guessed at: after ten failures an address waits for a minute", async () => {
    const { clock, send, status, newToken } = open({ adminToken: ADMIN });
    const { secret } = await newToken({ name: "ci", role: "viewer" });
    const from = "10.0.0.7";
    for (let attempt = 0; attempt < 9; attempt++)
      expect(await status("/me", { token: "guess", from })).toBe(401);
    const refused = await send("/me", { token: "guess", from });
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("60");

    expect(await status("/me", { token: ADMIN, from })).toBe(429);
    // Others behind the same proxy keep what nobody can guess, and other addresses are not concerned.
    expect(await status("/me", { token: secret, from })).toBe(200);
    expect(await status("/me", { token: ADMIN, from: "10.0.0.8" })).toBe(200);
    await clock.advance(MINUTE);
    expect(await status("/me", { token: ADMIN, from })).toBe(200);
  });
});

describe("API tokens", () => {
  test("do what their role says, until they expire", async () => {
    const { clock, status, newToken } = open({ adminToken: ADMIN });
    const viewer = await newToken({ name: "v", role: "viewer", expiresInMs: MINUTE });
    expect(viewer.secret).toMatch(/^lh_sk_[\w-]{43}$/);
    expect(await status("/me", { token: viewer.secret })).toBe(200);
    expect(await status("/tokens", { token: viewer.secret })).toBe(403);
    await clock.advance(MINUTE);
    expect(await status("/me", { token: viewer.secret })).toBe(401);
  });

  test("do what their scopes say, and nothing else", async () => {
    const { status, newToken } = open({ adminToken: ADMIN });
    const { secret: token } = await newToken({ name: "one", scopes: ["read:queue:emails"] });
    expect(await status("/jobs/emails/stats", { token })).toBe(200);
    expect(await status("/jobs/other/stats", { token })).toBe(403);
    expect(await status("/runs/run_1", { token })).toBe(403);
    expect(await status("/me", { token })).toBe(200);
  });

  test("are not in the store, not even for who asks with a key", async () => {
    const { longhaul, send } = open({ adminToken: ADMIN });
    const headers = { "idempotency-key": "k" };
    for (const [path, body] of [
      ["/tokens", { name: "keyed", role: "viewer" }],
      ["/public-tokens", { scopes: ["read:run:x"] }],
    ] as const) {
      const answer = await send(path, { method: "POST", token: ADMIN, body, headers });
      const made = (await answer.json()) as { secret?: string; token?: string };
      const kept = await partsOf(longhaul).store.query("SELECT * FROM idempotency");
      expect(kept).not.toHaveLength(0);
      expect(JSON.stringify(kept)).not.toContain(made.secret ?? made.token);
      headers["idempotency-key"] += "k";
    }
  });

  test("are shown once", async () => {
    const { longhaul, send, newToken } = open({ adminToken: ADMIN });
    const { secret, id } = await newToken({ name: "ci", role: "operator" });
    const list = (await (await send("/tokens", { token: ADMIN })).json()) as { data: unknown[] };
    expect(list.data).toMatchObject([{ id, name: "ci", role: "operator", lastUsedAt: null }]);
    expect(JSON.stringify(list)).not.toContain(secret);
    await send("/me", { token: secret });
    // The use is written by nobody's leave; the next write is behind it.
    await longhaul.send({ name: "x" });
    const after = (await (await send("/tokens", { token: ADMIN })).json()) as { data: unknown[] };
    expect(after.data).toMatchObject([{ lastUsedAt: "2026-01-01T00:00:00.000Z" }]);
  });

  test.each([
    { name: "x" },
    { name: "", role: "viewer" },
    { name: "x", role: "root" },
    { name: "x", scopes: ["everything"] },
    { name: "x", role: "viewer", expiresInMs: 0 },
    { name: "x", role: "viewer", hash: "…" },
  ])("are not made of %j", async (body) => {
    const { send } = open({ adminToken: ADMIN });
    const answer = await send("/tokens", { method: "POST", token: ADMIN, body });
    expect([400, 422]).toContain(answer.status);
  });
});

describe("public tokens", () => {
  test("read the one run they are for", async () => {
    const { clock, longhaul, status } = open();
    const token = await createPublicToken(longhaul, { scopes: ["read:run:run_1"] });
    expect(await status("/runs/run_1", { token })).toBe(404);
    expect(await status("/runs/run_2", { token })).toBe(403);
    expect(await status("/jobs/emails/stats", { token })).toBe(403);
    expect(await status("/tokens", { token })).toBe(403);
    await clock.advance(15 * MINUTE);
    expect(await status("/runs/run_1", { token })).toBe(401);
  });

  test("are signed with the secret of the file, of the environment, or of the options", async () => {
    const secret = "x".repeat(32);
    const { longhaul, status } = open({ secret });
    const scopes = ["read:run:run_1"];
    const path = "/runs/run_1";
    expect(await status(path, { token: await createPublicToken(longhaul, { scopes }) })).toBe(401);
    const ours = await createPublicToken(longhaul, { scopes, secret });
    expect(await status(path, { token: ours })).toBe(404);

    vi.stubEnv("LONGHAUL_SECRET", secret);
    expect(await status(path, { token: await createPublicToken(longhaul, { scopes }) })).toBe(404);
    vi.stubEnv("LONGHAUL_SECRET", "short");
    await expect(createPublicToken(longhaul, { scopes })).rejects.toThrow(/32 characters/);
  });

  test("for one use start one run, and say so again to who repeats the request", async () => {
    const { longhaul, send } = open();
    partsOf(longhaul).engine.register([resize]);
    const scopes = ["trigger:task:resize", "read:function:resize"];
    const token = await createPublicToken(longhaul, { scopes, singleUse: true });
    const invoke = (key: string, body: unknown = {}, path = "/functions/resize/invoke") =>
      send(path, { method: "POST", token, body, headers: { "idempotency-key": key } });
    // What was refused used nothing up.
    expect((await invoke("a", { data: 7 })).status).toBe(422);
    expect((await invoke("a", {}, "/functions/other/invoke")).status).toBe(403);
    const answers = await Promise.all([invoke("b"), invoke("c"), invoke("d")]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted((one, other) => one - other)).toEqual([201, 401, 401]);
    const winner = ["b", "c", "d"][statuses.indexOf(201)]!;
    expect((await invoke(winner)).status).toBe(201);
    expect(await longhaul.listRuns()).toHaveLength(1);
    // It goes on reading.
    expect((await send("/functions/resize", { token })).status).not.toBe(401);
  });

  test("are strangers to each other: nobody is given the answer of another's key", async () => {
    const { longhaul, send } = open();
    partsOf(longhaul).engine.register([resize]);
    const invoke = async (expiresInMs: number): Promise<unknown> => {
      const scopes = ["trigger:task:resize"];
      const token = await createPublicToken(longhaul, { scopes, expiresInMs });
      const headers = { "idempotency-key": "order-1" };
      const answer = await send("/functions/resize/invoke", {
        ...{ method: "POST", token, body: {}, headers },
      });
      return ((await answer.json()) as { id: unknown }).id;
    };
    const ids = [await invoke(MINUTE), await invoke(2 * MINUTE), await invoke(MINUTE)];
    expect(ids).toEqual([expect.stringMatching(/^run_/), expect.stringMatching(/^run_/), ids[0]]);
    expect(ids[1]).not.toBe(ids[0]);
  });

  test("are made over HTTP by operators", async () => {
    const { send, status, newToken } = open({ adminToken: ADMIN });
    const { secret } = await newToken({ name: "backend", role: "operator" });
    const body = { scopes: ["read:run:run_1"], expiresInMs: MINUTE };
    const answer = await send("/public-tokens", { method: "POST", token: secret, body });
    const { token } = (await answer.json()) as { token: string };
    expect(await status("/runs/run_1", { token })).toBe(404);
    expect(await status("/public-tokens", { method: "POST", token, body })).toBe(403);
  });
});

describe("a host application's own login", () => {
  const authorize: AuthOptions["authorize"] = (request) => {
    const user = request.headers.get("x-user");
    return user === null ? undefined : { name: user, role: "admin" };
  };
  const as = { "x-user": "ada" };

  test("says who asks", async () => {
    const { send, status } = open({ authorize });
    const answer = await send("/me", { headers: as });
    expect(await answer.json()).toMatchObject({ kind: "host", name: "ada", role: "admin" });
    expect(await status("/me")).toBe(401);
  });

  test("does not let pages of other sites act in somebody's name", async () => {
    const { status } = open({ authorize, origins: ["https://app.example.com"] });
    const create = (origin: string) =>
      status("/tokens", {
        method: "POST",
        body: { name: "x", role: "viewer" },
        headers: { ...as, origin },
      });
    expect(await create("https://evil.example")).toBe(403);
    expect(await create("https://app.example.com")).toBe(201);
    expect(await create("http://localhost:4400")).toBe(201);
  });

  test.each([
    ["text", "ada"],
    ["no name", { role: "admin" }],
    ["an unknown role", { name: "ada", role: "root" }],
    ["scopes that are no list", { name: "ada", scopes: "read:run:1" }],
  ])("lets nobody in when it answers with %s", async (_, answer) => {
    const { status } = open({ authorize: () => answer as never });
    expect(await status("/me")).toBe(500);
  });

  test("lets nobody in when it fails", async () => {
    const { status } = open({
      local: true,
      authorize: () => {
        throw new Error("the database is away");
      },
    });
    expect(await status("/me", { from: "127.0.0.1" })).toBe(500);
  });
});

describe("on this very machine", () => {
  const from = "127.0.0.1";
  const post: Sent = { method: "POST", body: { name: "x", role: "viewer" } };

  test("needs a login unless the server was told otherwise", async () => {
    expect(await open().status("/me", { from })).toBe(401);
    expect(await open({ local: true }).status("/me", { from })).toBe(200);
  });

  test("is only those who are here, and ask for this machine", async () => {
    const { status } = open({ local: true });
    expect(await status("/me")).toBe(401);
    expect(await status("/me", { from: "10.0.0.7" })).toBe(401);
    // A page of evil.example, whose name was rebound to 127.0.0.1 after it was loaded.
    const rebound = "http://evil.example:4400";
    expect(await status(`${rebound}/api/v1/me`, { from })).toBe(401);
    const headers = { host: "evil.example:4400", origin: rebound, "sec-fetch-site": "same-origin" };
    expect(await status("/tokens", { ...post, from, headers })).toBe(401);
    // A proxy on this machine speaks for others.
    expect(await status("/me", { from, headers: { "x-forwarded-for": "10.0.0.7" } })).toBe(401);
  });

  test("does not let pages of other sites in", async () => {
    const { status } = open({ local: true });
    const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect(await status("/tokens", { ...post, from, headers: foreign })).toBe(403);
    expect(await status("/me", { from, headers: foreign })).toBe(401);
    expect(await status("/me", { from, headers: { "sec-fetch-site": "cross-site" } })).toBe(401);
    const own = { origin: "http://localhost:4400", "sec-fetch-site": "same-origin" };
    expect(await status("/tokens", { ...post, from, headers: own })).toBe(201);
  });

  test("a wrong token is no better for coming from here", async () => {
    expect(await open({ local: true }).status("/me", { from, token: "lh_sk_no" })).toBe(401);
  });
});

describe("pages of other sites", () => {
  const app = "https://app.example.com";
  const ask = { origin: app, "access-control-request-method": "POST" };

  test("read nothing unless they are named", async () => {
    const { send } = open({ adminToken: ADMIN });
    const answer = await send("/me", { token: ADMIN, headers: { origin: app } });
    expect(answer.status).toBe(200);
    expect(answer.headers.has("access-control-allow-origin")).toBe(false);
    const preflight = await send("/me", { method: "OPTIONS", headers: ask });
    expect(preflight.headers.has("access-control-allow-origin")).toBe(false);
  });

  test("that are named read answers, also of what failed", async () => {
    const { send } = open({ adminToken: ADMIN, origins: [app] });
    const preflight = await send("/tokens", { method: "OPTIONS", headers: ask });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      "access-control-allow-origin": app,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": expect.stringContaining("DELETE"),
      "access-control-allow-headers": expect.stringContaining("Authorization"),
      vary: "Origin",
    });
    for (const token of [ADMIN, "wrong"]) {
      const answer = await send("/me", { token, headers: { origin: app } });
      expect(answer.headers.get("access-control-allow-origin")).toBe(app);
    }
    const foreign = await send("/me", {
      token: ADMIN,
      headers: { origin: "https://evil.example" },
    });
    expect(foreign.headers.has("access-control-allow-origin")).toBe(false);
    expect(foreign.headers.get("vary")).toBe("Origin");
  });

  test("may all be let in, but then without cookies", async () => {
    const { send } = open({ adminToken: ADMIN, origins: ["*"] });
    const { headers } = await send("/me", { token: ADMIN, headers: { origin: app } });
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.has("access-control-allow-credentials")).toBe(false);
  });

  test.each(["app.example.com", "https://app.example.com/", "null", "https://*.example.com"])(
    "%s is no origin",
    (origin) => {
      expect(() => open({ origins: [origin] })).toThrow(
        expect.objectContaining({ code: "AUTH_BAD_OPTION" }),
      );
    },
  );
});

test("behind a proxy, the host says where requests come from", async () => {
  const { send, status } = open({
    adminToken: ADMIN,
    clientAddress: (request) => request.headers.get("x-real-ip") ?? undefined,
  });
  const guess = (address: string) =>
    status("/me", { token: "guess", from: "10.0.0.1", headers: { "x-real-ip": address } });
  for (let attempt = 0; attempt < 10; attempt++) await guess("1.1.1.1");
  expect(await guess("1.1.1.1")).toBe(429);
  expect(await guess("2.2.2.2")).toBe(401);
  await send("/tokens", {
    ...{ method: "POST", token: ADMIN, body: { name: "x", role: "viewer" } },
    headers: { "x-real-ip": "3.3.3.3" },
  });
  const log = await (await send("/audit", { token: ADMIN })).json();
  expect(log).toMatchObject({ data: [{ action: "tokens.create", address: "3.3.3.3" }] });
});
