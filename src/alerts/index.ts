/**
 * `longhaul/alerts`: be told when jobs fail, stall, wait too long, or schedules are missed.
 * @module
 */
export { type Alerts, type AlertsOptions, createAlerts } from "./alerts.ts";
export type { Subject } from "./evaluate.ts";
export type { AlertNotification } from "./notification.ts";
export type {
  AlertRule,
  CrashedRule,
  DepthRule,
  FailuresRule,
  MissedSchedulesRule,
  OldestWaitingRule,
  StalledRule,
} from "./rules.ts";
export { mail, type MailOptions } from "./targets/mail.ts";
export { slack, type SlackOptions } from "./targets/slack.ts";
export type { AlertDelivery, AlertTarget } from "./targets/target.ts";
export { webhook, type WebhookOptions } from "./targets/webhook.ts";
export { verifyWebhook, type IncomingHeaders } from "./webhook-signature.ts";
