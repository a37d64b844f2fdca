import { bad } from "../rules.ts";
import { readSecret, signWebhook } from "../webhook-signature.ts";
import { checkUrl, post } from "./post.ts";
import type { AlertTarget } from "./target.ts";

/** How to make a {@link webhook}. */
export interface WebhookOptions {
  /** @default "webhook" */
  readonly name?: string | undefined;
  readonly url: string | URL;
  /** `whsec_…`: 24 to 64 bytes in base 64. Of several, each signs: the receiver may change over from one to the other. */
  readonly secret: string | readonly string[];
  /** More headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Allows an address that is not on the internet: this machine, a private network. @default false */
  readonly allowPrivate?: boolean | undefined;
  /** How long an attempt may take, ms. @default 10 seconds */
  readonly timeoutMs?: number | undefined;
}

/**
 * A target that gets alerts as Standard Webhooks (1.0.0), signed. Redirects are not followed.
 *
 * @throws {LonghaulError} ALERT_BAD_OPTION
 *
 * @example
 * webhook({ url: "https://example.com/hooks/jobs", secret: process.env.WEBHOOK_SECRET! });
 */
export function webhook(options: WebhookOptions): AlertTarget {
  const { name = "webhook", headers = {}, allowPrivate = false, timeoutMs } = options;
  const url = checkUrl(name, options.url);
  const keys = [options.secret].flat().map((secret) => readSecret(secret));
  if (keys.length === 0) throw bad(`target ${name} has no secret`);
  return {
    name,
    timeoutMs,
    async send({ id, sentAt, signal, type, timestamp, data }) {
      const body = JSON.stringify({ type, timestamp, data });
      const signed = { ...headers, ...signWebhook(keys, { id, body, sentAt }) };
      await post({ target: name, url, headers: signed, body, allowPrivate, signal });
    },
  };
}
