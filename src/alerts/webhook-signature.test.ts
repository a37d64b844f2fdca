import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { readSecret, signWebhook, verifyWebhook } from "./webhook-signature.ts";

const OLD = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
const NEW = `whsec_${Buffer.alloc(64, 2).toString("base64")}`;
const body = JSON.stringify({ type: "alert.firing", data: { summary: "äöü €" } });
const sign = (...secrets: string[]) =>
  signWebhook(secrets.map(readSecret), { id: "msg_1", body, sentAt: Date.now() });

test("the reference implementation accepts what is signed here, with any of the secrets", () => {
  const headers = sign(OLD, NEW);
  expect(headers["webhook-signature"].split(" ")).toHaveLength(2);
  for (const secret of [OLD, NEW])
    expect(new Webhook(secret).verify(body, { ...headers })).toEqual(JSON.parse(body));
});

test("what the reference implementation signs is accepted here", () => {
  const sentAt = new Date();
  const headers = {
    "Webhook-Id": "msg_2",
    "Webhook-Timestamp": String(Math.floor(sentAt.getTime() / 1000)),
    "Webhook-Signature": new Webhook(NEW).sign("msg_2", sentAt, body),
  };
  expect(verifyWebhook([OLD, NEW], headers, body)).toEqual(JSON.parse(body));
  expect(verifyWebhook(NEW, new Headers(headers), Buffer.from(body))).toEqual(JSON.parse(body));
});

const good: Readonly<Record<string, string | undefined>> = { ...sign(OLD) };
const seconds = (offset: number): string => String(Math.floor(Date.now() / 1000) + offset);

test.each([
  ["another secret", NEW, good, body],
  ["another body", OLD, good, `${body} `],
  ["another id", OLD, { ...good, "webhook-id": "msg_x" }, body],
  ["no signature", OLD, { ...good, "webhook-signature": undefined }, body],
  ["another version", OLD, { ...good, "webhook-signature": "v2,AAAA" }, body],
  ["a short signature", OLD, { ...good, "webhook-signature": "v1,AAAA" }, body],
  ["an old time", OLD, { ...good, "webhook-timestamp": seconds(-301) }, body],
  ["a time to come", OLD, { ...good, "webhook-timestamp": seconds(302) }, body],
  ["no time", OLD, { ...good, "webhook-timestamp": "today" }, body],
])("refuses %s", (_, secret, headers, text) => {
  expect(() => verifyWebhook(secret, headers, text)).toThrow(
    expect.objectContaining({ code: "ALERT_BAD_SIGNATURE", status: 401 }),
  );
});

test.each([
  "",
  "whsec_",
  "whsec_c2hvcnQ=",
  `whsec_${"A".repeat(100)}`,
  "whsec_not base 64!!!!!!!!!!!!!!!!!!!!!!!!!",
])("%j is no secret, and is not shown", (secret) => {
  expect(() => readSecret(secret)).toThrow(
    expect.objectContaining({
      code: "ALERT_BAD_OPTION",
      message: expect.not.stringContaining(secret.slice(6) || "none"),
    }),
  );
});
