/** A message as the tasks send it. */
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

/** Stands in for the table of users. */
export async function getUserEmail(userId: string): Promise<string> {
  return `${userId}@example.com`;
}
