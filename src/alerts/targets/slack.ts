import { checkUrl, post } from "./post.ts";
import type { AlertTarget } from "./target.ts";

/** How to make a target for {@link slack}. */
export interface SlackOptions {
  /** @default "slack" */
  readonly name?: string | undefined;
  /** That of an incoming webhook. It is a secret, and shown nowhere. */
  readonly url: string | URL;
  /** Allows an address that is not on the internet: this machine, a private network. @default false */
  readonly allowPrivate?: boolean | undefined;
  /** How long an attempt may take, ms. @default 10 seconds */
  readonly timeoutMs?: number | undefined;
}

/**
 * A target that gets alerts as Slack's incoming webhooks take them (Mattermost and others do, too): `text` and `blocks`.
 *
 * @throws {LonghaulError} ALERT_BAD_OPTION
 *
 * @example
 * slack({ url: process.env.SLACK_WEBHOOK_URL! });
 */
export function slack(options: SlackOptions): AlertTarget {
  const { name = "slack", allowPrivate = false, timeoutMs } = options;
  const url = checkUrl(name, options.url);
  return {
    name,
    timeoutMs,
    async send({ type, timestamp, data, signal }) {
      const headline = `*${type === "alert.firing" ? "Alert" : "Resolved"}*: ${escape(data.summary)}`;
      const facts = [`rule ${data.rule}`, `since ${data.since}`, `at ${timestamp}`];
      if (data.count > 1) facts.push(`said ${data.count} times`);
      const body = JSON.stringify({
        text: `${type === "alert.firing" ? "Alert" : "Resolved"}: ${escape(data.summary)}`,
        blocks: [
          { type: "section", text: { type: "mrkdwn", text: headline } },
          { type: "context", elements: [{ type: "mrkdwn", text: escape(facts.join(" · ")) }] },
        ],
      });
      await post({ target: name, url, headers: {}, body, allowPrivate, signal });
    },
  };
}

/** The three characters that mean something in Slack's messages. */
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
