import { outbox } from "./email.ts";
import { payments } from "./shop.ts";

/** Stands in for a query over the day's business. */
export async function generateDailyReport() {
  return {
    mails: outbox.length,
    revenue: payments.reduce((sum, { amount }) => sum + amount, 0),
  };
}
