/** A message as the functions send it. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly template: string;
  readonly data?: unknown;
}

/** Stands in for a mail service: what was sent, oldest first. */
export const outbox: Mail[] = [];

export async function sendEmail(mail: Mail): Promise<void> {
  outbox.push(mail);
}
