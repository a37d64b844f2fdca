import type * as Nodemailer from "nodemailer";
import { LonghaulError } from "../../core/errors.ts";
import { bad } from "../rules.ts";
import type { AlertTarget } from "./target.ts";

/** What `createTransport` of nodemailer returns, as far as it is needed. */
export interface MailTransport {
  sendMail(message: MailMessage): Promise<unknown>;
}

/** A mail as nodemailer takes it. */
export interface MailMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
}

/** How to make a target for {@link mail}. */
export interface MailOptions {
  /** @default "mail" */
  readonly name?: string | undefined;
  /** A transport of nodemailer's, or what `createTransport` takes: an `smtp:` URL, or options. */
  readonly transport: string | Readonly<Record<string, unknown>> | MailTransport;
  readonly from: string;
  readonly to: string | readonly string[];
  /** How long an attempt may take, ms. @default 10 seconds */
  readonly timeoutMs?: number | undefined;
}

/**
 * A target that gets alerts by mail. Needs nodemailer, unless a transport is given.
 *
 * @throws {LonghaulError} ALERT_BAD_OPTION; ALERT_MAIL_MISSING at the start of the alerts
 *
 * @example
 * mail({ transport: process.env.SMTP_URL!, from: "jobs@example.com", to: "ops@example.com" });
 */
export function mail(options: MailOptions): AlertTarget & { prepare(): Promise<void> } {
  const { name = "mail", from, timeoutMs, transport } = options;
  const to = [options.to].flat();
  if (!isAddress(from) || to.length === 0 || !to.every(isAddress))
    throw bad(`target ${name}: from and to have to be mail addresses`);
  if (transport === undefined || transport === null) throw bad(`target ${name} has no transport`);
  let opened: Promise<MailTransport> | undefined;
  const open = (): Promise<MailTransport> => (opened ??= openTransport(transport));
  return {
    name,
    timeoutMs,
    async prepare() {
      await open();
    },
    async send({ id, type, data, timestamp }) {
      const word = type === "alert.firing" ? "Alert" : "Resolved";
      const lines = [
        ...[data.summary, "", `Rule: ${data.rule}`, `About: ${data.subject.kind}`],
        ...[`Name: ${data.subject.name}`, `Value: ${data.value}`, `Threshold: ${data.threshold}`],
        ...[`Since: ${data.since}`, `At: ${timestamp}`],
      ];
      const sender = await open();
      await sender.sendMail({
        from,
        to,
        // A header is one line.
        subject: `[${word}] ${data.summary}`.replaceAll(/\s+/g, " "),
        text: lines.join("\n"),
        // The same for each attempt, so that mail programs know a repetition.
        messageId: `<${id}@longhaul>`,
      });
    },
  };
}

async function openTransport(transport: MailOptions["transport"]): Promise<MailTransport> {
  if (typeof transport === "object" && typeof transport["sendMail"] === "function")
    return transport as unknown as MailTransport;
  let nodemailer: Pick<typeof Nodemailer, "createTransport">;
  try {
    nodemailer = await import("nodemailer");
  } catch (error) {
    throw new LonghaulError("ALERT_MAIL_MISSING", {}, { cause: error });
  }
  return nodemailer.createTransport(transport as string) as MailTransport;
}

const isAddress = (address: unknown): boolean =>
  typeof address === "string" && address.includes("@") && !/[\r\n]/.test(address);
