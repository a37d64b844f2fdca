import { createHmac, timingSafeEqual } from "node:crypto";
import { LonghaulError } from "../core/errors.ts";
import { bad } from "./rules.ts";

/** The headers of a Standard Webhook (1.0.0). */
export interface WebhookHeaders {
  readonly "webhook-id": string;
  /** Epoch seconds. */
  readonly "webhook-timestamp": string;
  /** One `v1,…` for each secret. */
  readonly "webhook-signature": string;
}

/** Headers of a request: of fetch, or of node. */
export type IncomingHeaders =
  Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

const PREFIX = "whsec_";
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const TOLERANCE_MS = 5 * 60 * 1000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The key in a secret: `whsec_` and 24 to 64 bytes in base 64. @throws {LonghaulError} ALERT_BAD_OPTION */
export function readSecret(secret: string): Buffer {
  const text = typeof secret === "string" ? secret.replace(PREFIX, "") : "";
  const key = BASE64.test(text) ? Buffer.from(text, "base64") : Buffer.alloc(0);
  if (key.length >= MIN_SECRET_BYTES && key.length <= MAX_SECRET_BYTES) return key;
  throw bad(
    `a webhook's secret is ${PREFIX} and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base 64`,
  );
}

/** The headers for a body, signed with each of the keys. */
export function signWebhook(
  keys: readonly Buffer[],
  { id, body, sentAt }: { readonly id: string; readonly body: string; readonly sentAt: number },
): WebhookHeaders {
  const timestamp = String(Math.floor(sentAt / 1000));
  const signatures = keys.map((key) => `v1,${sign(key, id, timestamp, body).toString("base64")}`);
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

/**
 * Checks a Standard Webhook that has arrived.
 *
 * @param secret that of the sender, or several while it changes
 * @param body exactly as it arrived: parsed and written again it may differ
 * @param options.toleranceMs how far its time may be from now. @default 5 minutes
 * @param options.now epoch ms. @default the machine's clock
 * @returns the body, parsed
 * @throws {LonghaulError} ALERT_BAD_SIGNATURE; ALERT_BAD_OPTION for a secret that is none
 *
 * @example
 * const { type, data } = verifyWebhook(process.env.WEBHOOK_SECRET!, request.headers, await request.text());
 */
export function verifyWebhook(
  secret: string | readonly string[],
  headers: IncomingHeaders,
  body: string | Uint8Array,
  { toleranceMs = TOLERANCE_MS, now = Date.now() }: { toleranceMs?: number; now?: number } = {},
): unknown {
  const keys = (typeof secret === "string" ? [secret] : secret).map(readSecret);
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const given = headerOf(headers, "webhook-signature");
  if (!/^\d{1,12}$/.test(timestamp)) throw refused("its timestamp is none");
  if (Math.abs(now - Number(timestamp) * 1000) > toleranceMs)
    throw refused("it is too old, or from the future");
  const text = typeof body === "string" ? body : Buffer.from(body).toString("utf8");
  const expected = keys.map((key) => sign(key, id, timestamp, text));
  const isSigned = given
    .split(" ")
    .filter((signature) => signature.startsWith("v1,"))
    .map((signature) => Buffer.from(signature.slice(3), "base64"))
    .some((signature) =>
      expected.some((own) => own.length === signature.length && timingSafeEqual(own, signature)),
    );
  if (!isSigned) throw refused("none of its signatures is right");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new LonghaulError("ALERT_BAD_SIGNATURE", { reason: "it is no JSON" }, { cause: error });
  }
}

const sign = (key: Buffer, id: string, timestamp: string, body: string): Buffer =>
  createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest();

function headerOf(headers: IncomingHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : findIn(headers, name);
  if (typeof value === "string" && value !== "") return value;
  throw refused(`its header ${name} is missing`);
}

function findIn(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  name: string,
): string | readonly string[] | undefined {
  const key = Object.keys(headers).find((header) => header.toLowerCase() === name);
  return key === undefined ? undefined : headers[key];
}

const refused = (reason: string): LonghaulError =>
  new LonghaulError("ALERT_BAD_SIGNATURE", { reason });
