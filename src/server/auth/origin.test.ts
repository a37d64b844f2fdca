import { expect, test } from "vitest";
import { isForeign, isLocal } from "./origin.ts";

const HOST = "jobs.example.com";
const requestOf = (headers: Record<string, string>): Request =>
  new Request(`http://${HOST}/`, { headers: { host: HOST, ...headers } });

test.each([
  ["a program, which says nothing", {}, false],
  ["our own page", { origin: `https://${HOST}` }, false],
  ["our own page, behind a proxy that renamed us", { "sec-fetch-site": "same-origin" }, false],
  ["the address bar", { "sec-fetch-site": "none" }, false],
  ["another site", { origin: "https://evil.example" }, true],
  ["another port of ours", { origin: `https://${HOST}:8080` }, true],
  ["a site whose name begins as ours", { origin: `https://${HOST}.evil.example` }, true],
  ["a frame without an origin", { origin: "null" }, true],
  ["what is no origin", { origin: "jobs" }, true],
  ["another site, as the browser says", { "sec-fetch-site": "cross-site" }, true],
  ["a sibling site", { "sec-fetch-site": "same-site", origin: "https://app.example.com" }, true],
  [
    "a site that names us as its origin, against what the browser says",
    { "sec-fetch-site": "cross-site", origin: `https://${HOST}` },
    true,
  ],
])("%s", (_, headers, expected) => {
  expect(isForeign(requestOf(headers), [])).toBe(expected);
});

test("sites that are named are as good as our own; * and null name none", () => {
  const origin = "https://app.example.com";
  expect(isForeign(requestOf({ origin }), [origin])).toBe(false);
  expect(isForeign(requestOf({ origin, "sec-fetch-site": "same-site" }), [origin])).toBe(false);
  expect(isForeign(requestOf({ origin }), ["*"])).toBe(true);
  expect(isForeign(requestOf({ origin: "null" }), ["null"])).toBe(true);
});

const asking = (url: string, headers: Record<string, string> = {}): Request =>
  new Request(url, { headers });

test.each([
  ["http://localhost:4400/", "127.0.0.1"],
  ["http://127.0.0.1:4400/", "127.0.0.1"],
  ["http://[::1]:4400/", "::1"],
  ["http://app.localhost/", "::ffff:127.0.0.1"],
])("%s from %s is this machine", (url, peer) => {
  expect(isLocal(asking(url), peer)).toBe(true);
});

test.each([
  ["an unknown peer", asking("http://localhost/"), undefined],
  ["a peer elsewhere", asking("http://localhost/"), "10.0.0.7"],
  ["a peer that looks like one here", asking("http://localhost/"), "127.0.0.1.evil.example"],
  ["a name that was rebound to this machine", asking("http://evil.example:4400/"), "127.0.0.1"],
  ["that, in the Host header", asking("http://localhost/", { host: "evil.example" }), "127.0.0.1"],
  ["a name that begins as this machine's", asking("http://localhost.evil.example/"), "127.0.0.1"],
  ["a proxy here", asking("http://localhost/", { "x-forwarded-for": "10.0.0.7" }), "127.0.0.1"],
])("%s is not this machine", (_, request, peer) => {
  expect(isLocal(request, peer)).toBe(false);
});
