import type { ErrorEntry } from "./entry.ts";

/** Errors of alerts. */
export const alertErrors = {
  ALERT_BAD_OPTION: {
    message: "Alerts cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/alerts.md lists rules and targets.",
  },
  ALERT_BAD_SIGNATURE: {
    message: "The webhook is not accepted: {reason}",
    retryable: false,
    status: 401,
    hint: "Give the body exactly as it arrived, all headers, and the secret that the sender signs with.",
  },
  ALERT_MAIL_MISSING: {
    message: "Mail needs the package nodemailer, and it cannot be loaded: npm install nodemailer",
    retryable: false,
    status: 500,
    hint: "Install nodemailer beside longhaul, or take another target.",
  },
  ALERT_NOT_DELIVERED: {
    message:
      "An alert of rule {rule} did not reach target {target} in {attempts} attempts: {reason}",
    retryable: false,
    status: 502,
    hint: "Look at the target; the alert is sent again after the cool-down if its condition still holds.",
  },
  ALERT_PRIVATE_ADDRESS: {
    message: "The target {target} is at a private address",
    retryable: false,
    status: 400,
    hint: "Give the webhook a public address, or allowPrivate: true if it belongs inside your network.",
  },
} as const satisfies Record<string, ErrorEntry>;
