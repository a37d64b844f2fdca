import { expect, test } from "vitest";
import { openServer } from "../../../test/server/kit.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import type { AuthOptions } from "./options.ts";

const ADMIN = "correct-horse-battery-staple";
const HOUR = 3_600_000;

/** A browser that keeps the cookie of a session, and says where its page is from. */
function open({
  origin = "https://jobs.example.com",
  basePath = "",
  ...auth
}: AuthOptions & Place) {
  const clock = new VirtualClock();
  const { server } = openServer({ auth: { adminToken: ADMIN, ...auth }, basePath }, { clock });
  let cookie = "";
  const send = async (path: string, { method = "GET", body, headers }: Sent = {}) => {
    const answer = await server.fetch(
      new Request(`${origin}${basePath}/api/v1${path}`, {
        method,
        headers: {
          ...(cookie !== "" && { cookie: `other=1; ${cookie}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(method !== "GET" && { origin, "sec-fetch-site": "same-origin" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
      { remoteAddress: "10.0.0.7" },
    );
    const set = answer.headers.get("set-cookie");
    if (set !== null) cookie = set.split(";")[0]!.replace(/=$/, "=gone");
    return answer;
  };
  const login = (token: string, headers?: Record<string, string>) =>
    send("/session", { method: "POST", body: { token }, ...(headers && { headers }) });
  const status = async (path: string, sent?: Sent) => (await send(path, sent)).status;
  return {
    clock,
    send,
    status,
    login,
    cookie: () => cookie,
    setCookie: (to: string) => (cookie = to),
  };
}

interface Place {
  readonly origin?: string;
  readonly basePath?: string;
}
interface Sent {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}
const newToken: Sent = { method: "POST", body: { name: "x", role: "viewer" } };

test("a token becomes a cookie that scripts and other sites do not get", async () => {
  const { login, send, status } = open({ basePath: "/jobs" });
  expect(await status("/me")).toBe(401);
  const answer = await login(ADMIN);
  expect(answer.status).toBe(201);
  expect(await answer.json()).toEqual({ name: "LONGHAUL_ADMIN_TOKEN", role: "admin" });
  const attributes = answer.headers.get("set-cookie")!.split("; ").slice(1);
  expect(attributes.toSorted()).toEqual(
    ["HttpOnly", "Max-Age=43200", "Path=/jobs", "SameSite=Strict", "Secure"].toSorted(),
  );
  expect(answer.headers.get("set-cookie")).not.toContain(ADMIN);
  expect(await (await send("/me")).json()).toMatchObject({ kind: "token", role: "admin" });
  expect(await status("/tokens", newToken)).toBe(201);
});

test("where there is no TLS, the cookie does without; behind a proxy that has it, not", async () => {
  const { login } = open({ origin: "http://localhost:4400" });
  expect((await login(ADMIN)).headers.get("set-cookie")).not.toContain("Secure");
  const proxied = await login(ADMIN, { "x-forwarded-proto": "https" });
  expect(proxied.headers.get("set-cookie")).toContain("Secure");
});

test("a page of another site can neither act with the cookie, nor log in, nor log out", async () => {
  const { login, status } = open({});
  const foreign = [
    { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    { origin: "https://other.example.com", "sec-fetch-site": "same-site" },
    { origin: "null", "sec-fetch-site": "cross-site" },
  ];
  await login(ADMIN);
  for (const headers of foreign) {
    expect(await status("/tokens", { ...newToken, headers })).toBe(403);
    expect((await login(ADMIN, headers)).status).toBe(403);
    expect(await status("/session", { method: "DELETE", headers })).toBe(403);
  }
  expect(await status("/me")).toBe(200);
});

test("logging out ends the session, also for a copy of the cookie", async () => {
  const { login, status, cookie, setCookie } = open({});
  await login(ADMIN);
  const copy = cookie();
  expect(await status("/session", { method: "DELETE" })).toBe(204);
  expect(cookie()).toBe("longhaul_session=gone");
  setCookie(copy);
  expect(await status("/me")).toBe(401);
});

test("a session is over after twelve hours, and with its token", async () => {
  const { clock, login, send, status } = open({});
  await login(ADMIN);
  const made = await send("/tokens", { ...newToken, body: { name: "x", role: "admin" } });
  const { secret, id } = (await made.json()) as { secret: string; id: string };
  await clock.advance(12 * HOUR);
  expect(await status("/me")).toBe(401);

  await login(secret);
  expect(await (await send("/me")).json()).toMatchObject({
    name: "x",
    expiresAt: "2026-01-02T00:00:00.000Z",
  });
  expect(await status(`/tokens/${id}/revoke`, { method: "POST" })).toBe(200);
  expect(await status("/me")).toBe(401);
});

test("wrong tokens log nobody in, and are counted", async () => {
  const { login, status } = open({});
  for (let attempt = 0; attempt < 9; attempt++)
    expect((await login("lh_sk_wrong")).status).toBe(401);
  expect((await login("wrong")).status).toBe(429);
  expect((await login(ADMIN)).status).toBe(429);
  expect(await status("/me")).toBe(401);
});

test("a public token is for pages, not for logging in", async () => {
  const { login, send } = open({});
  await login(ADMIN);
  const body = { scopes: ["read:run:run_1"] };
  const answer = await send("/public-tokens", { method: "POST", body });
  const { token } = (await answer.json()) as { token: string };
  expect((await login(token)).status).toBe(401);
});

test("there is no login where the host wants none of our tokens", async () => {
  const { login } = open({ tokens: false, adminToken: undefined });
  expect((await login(ADMIN)).status).toBe(401);
});
