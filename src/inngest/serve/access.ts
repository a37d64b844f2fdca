import { createHash, timingSafeEqual } from "node:crypto";
import type { Inngest } from "../client.ts";

/** A request, as far as it says who it is from. */
export interface Caller {
  header(name: string): string | undefined;
  readonly url: URL;
  /** The address at the other end of the connection, if it can be known. */
  readonly peer: string | undefined;
}

/**
 * Who may do what:
 *
 *   send events           whoever has the event key; in dev, programs on this machine
 *   see the functions     they, and whoever has the signing key
 *   see how many, and PUT everybody
 *
 * Without a key and outside of dev nobody sends events by HTTP.
 */
export interface Access {
  readonly maySend: boolean;
  readonly maySee: boolean;
  /** Why not, for the error. */
  readonly reason: string;
}

/** @param signingKeys Keys that `serve` was given, before the client's. */
export function accessOf(
  caller: Caller,
  client: Inngest.Any,
  signingKeys: readonly string[],
): Access {
  const given = keysOf(caller);
  const isLocal = client.isDev && isFromHere(caller);
  const { eventKey } = client;
  const maySend = isLocal || (eventKey !== undefined && given.some((key) => equal(key, eventKey)));
  const keys = [...signingKeys, ...client.signingKeys];
  const maySee = maySend || given.some((key) => keys.some((known) => equal(key, known)));
  return { maySend, maySee, reason: reasonOf(client, given) };
}

function reasonOf({ eventKey, isDev }: Inngest.Any, given: readonly string[]): string {
  if (eventKey !== undefined && eventKey !== "")
    return given.length > 0 ? "the event key is another" : "the event key is missing";
  if (!isDev) return "no event key is set";
  return "no event key is set, and the request did not come from this machine";
}

/** Keys come as a bearer token, as a header of their own, or as the last part of the path (`/e/<key>`). */
function keysOf({ header, url }: Caller): string[] {
  const [, bearer] = /^bearer\s+(.+)$/i.exec(header("authorization") ?? "") ?? [];
  const [, inPath] = /\/e\/([^/]+)\/?$/.exec(url.pathname) ?? [];
  return [bearer, header("x-inngest-event-key"), inPath && decode(inPath)].filter(
    (key): key is string => key !== undefined && key !== "",
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Whether a program on this machine asks, and asks us: a proxy in front passes on strangers, a web page in a browser
 * here may be anybody's, and so may a name that was made to point here.
 */
function isFromHere({ header, url, peer }: Caller): boolean {
  if (peer === undefined || !isLoopback(peer)) return false;
  if (
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"].some((name) => header(name))
  )
    return false;
  const origin = header("origin");
  return isLocalName(hostname(header("host")) ?? url.hostname) && (!origin || isLocalUrl(origin));
}

function isLocalUrl(text: string): boolean {
  return URL.canParse(text) && isLocalName(new URL(text).hostname);
}

function hostname(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : "";
}

const isLocalName = (name: string): boolean =>
  name === "localhost" || name.endsWith(".localhost") || isLoopback(name.replace(/^\[|\]$/g, ""));

const isLoopback = (address: string): boolean =>
  address === "::1" || /^(::ffff:)?127(\.\d{1,3}){3}$/i.test(address);

/** Takes the same time wherever the difference is. An empty key opens nothing. */
function equal(given: string, key: string): boolean {
  return key !== "" && timingSafeEqual(digest(given), digest(key));
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
