import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Answer, hookServer } from "../../../test/support/hook-server.ts";
import type { AlertNotification } from "../notification.ts";
import { mail } from "./mail.ts";
import { slack } from "./slack.ts";
import type { AlertDelivery, AlertTarget } from "./target.ts";
import { webhook } from "./webhook.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const notification: AlertNotification = {
  type: "alert.firing",
  timestamp: "2026-01-01T00:00:00.000Z",
  data: {
    ...{ rule: "mail fails", when: "failures", subject: { kind: "queue", name: "mail" } },
    ...{ value: 12, threshold: 10, since: "2026-01-01T00:00:00.000Z", count: 2 },
    summary: "mail fails: queue mail: 12 jobs failed within 5 min <b>&",
  },
};

function deliver(target: AlertTarget, signal = AbortSignal.timeout(10_000)): Promise<unknown> {
  const delivery: AlertDelivery = {
    ...{ id: "msg_1", attempt: 1, sentAt: Date.now(), signal },
    ...notification,
  };
  return Promise.resolve(target.send(delivery));
}

test("a webhook arrives signed, whole, with headers of its own", async () => {
  const server = await hookServer();
  const target = webhook({
    ...{ url: `${server.url}/hook?x=1`, secret: SECRET, allowPrivate: true },
    headers: { "x-team": "ops" },
  });
  await deliver(target);
  const { method, path, headers, body } = await server.next();
  expect({ method, path, team: headers["x-team"], type: headers["content-type"] }).toEqual({
    ...{ method: "POST", path: "/hook?x=1", team: "ops", type: "application/json" },
  });
  expect(headers["webhook-id"]).toBe("msg_1");
  const verified = new Webhook(SECRET).verify(body, headers as Record<string, string>);
  expect(verified).toEqual(notification);
});

const redirect: Answer = { status: 302, headers: { location: "http://169.254.169.254/latest" } };

test.each<[string, Answer, RegExp]>([
  ["an error", 500, /answered 500$/],
  ["a redirect, which it does not follow", redirect, /answered 302$/],
  ["an endless answer", { status: 200, body: "x".repeat(100_000) }, /too long/],
])("a webhook fails for %s", async (_, answer, message) => {
  const server = await hookServer(() => answer);
  const target = webhook({ url: `${server.url}/s3cret`, secret: SECRET, allowPrivate: true });
  const error = (await deliver(target).catch((error: unknown) => error)) as Error;
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain("s3cret");
  expect(server.received).toHaveLength(1);
});

test("a webhook stops when it takes too long", async () => {
  const server = await hookServer(() => "hang");
  const abort = new AbortController();
  const target = webhook({ url: server.url, secret: SECRET, allowPrivate: true });
  const sent = deliver(target, abort.signal);
  await server.next();
  abort.abort();
  await expect(sent).rejects.toThrow(/abort/);
});

test.each(["", "localhost", "[::1]", "2130706433", "0x7f.1"])(
  "a webhook does not go to a private address, whatever it is called: %j",
  async (host) => {
    const server = await hookServer();
    const { port } = new URL(server.url);
    const url = host === "" ? server.url : `http://${host}:${port}/`;
    for (const target of [webhook({ url, secret: SECRET }), slack({ url })])
      await expect(deliver(target)).rejects.toMatchObject({ code: "ALERT_PRIVATE_ADDRESS" });
    expect(server.received).toEqual([]);
  },
);

test("bad targets are refused, and secrets not shown", () => {
  for (const make of [
    () => webhook({ url: "ftp://example.com", secret: SECRET }),
    () => webhook({ url: "https://u:p4ss@example.com", secret: SECRET }),
    () => webhook({ url: "https://example.com", secret: "p4ss" }),
    () => webhook({ url: "https://example.com", secret: [] }),
    () => slack({ url: "p4ss" }),
    () => mail({ transport: "smtp://u:p4ss@localhost", from: "nobody", to: "a@b.c" }),
    () => mail({ transport: "smtp://u:p4ss@localhost", from: "a@b.c\nBcc: x@y.z", to: "a@b.c" }),
    () => mail({ transport: "smtp://u:p4ss@localhost", from: "a@b.c", to: [] }),
  ])
    expect(make).toThrow(
      expect.objectContaining({
        code: "ALERT_BAD_OPTION",
        message: expect.not.stringContaining("p4ss"),
      }),
    );
});

test("Slack gets text and blocks, with what it would read as markup escaped", async () => {
  const server = await hookServer();
  await deliver(slack({ url: `${server.url}/services/T0/B0/x`, allowPrivate: true }));
  const { path, body } = await server.next();
  expect(path).toBe("/services/T0/B0/x");
  const summary = "mail fails: queue mail: 12 jobs failed within 5 min &lt;b&gt;&amp;";
  const { text, blocks } = JSON.parse(body) as { text: string; blocks: unknown[] };
  expect(text).toBe(`Alert: ${summary}`);
  expect(blocks[0]).toEqual({
    type: "section",
    text: { type: "mrkdwn", text: `*Alert*: ${summary}` },
  });
  expect(JSON.stringify(blocks[1])).toContain("said 2 times");
});

test("mail goes out through a real SMTP server", async () => {
  let received = (_mail: { from: string; to: string[]; text: string }): void => {};
  const mailed = new Promise<Parameters<typeof received>[0]>((resolve) => (received = resolve));
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        received({
          from: envelope.mailFrom ? envelope.mailFrom.address : "",
          to: envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString("utf8"),
        });
        callback();
      });
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  const target = mail({
    transport: { host: "127.0.0.1", port, secure: false, ignoreTLS: true },
    from: "jobs@example.com",
    to: ["ops@example.com", "boss@example.com"],
  });
  await target.prepare();
  await deliver(target);
  const { from, to, text } = await mailed;
  expect({ from, to }).toEqual({
    from: "jobs@example.com",
    to: ["ops@example.com", "boss@example.com"],
  });
  expect(text).toMatch(/^Subject: \[Alert\] mail fails: queue mail: 12 jobs failed/m);
  expect(text).toMatch(/^Message-ID: <msg_1@longhaul>/im);
  expect(text).toContain("Threshold: 10");
});

test("mail without nodemailer is refused at the start, but not with a transport of one's own", async () => {
  vi.doMock("nodemailer", () => {
    throw new Error("Cannot find package 'nodemailer'");
  });
  onTestFinished(() => {
    vi.doUnmock("nodemailer");
  });
  const addresses = { from: "jobs@example.com", to: "ops@example.com" };
  const target = mail({ transport: "smtp://u:p4ss@localhost", ...addresses });
  await expect(target.prepare()).rejects.toMatchObject({
    code: "ALERT_MAIL_MISSING",
    message: expect.not.stringContaining("p4ss"),
  });

  const sent: unknown[] = [];
  const transport = { sendMail: async (message: unknown) => sent.push(message) };
  await deliver(mail({ transport, ...addresses }));
  expect(sent).toMatchObject([{ to: ["ops@example.com"], messageId: "<msg_1@longhaul>" }]);
});
