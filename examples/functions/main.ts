/**
 * Four functions for real: on a file, by the machine's clock. Kill it at any moment and start it
 * again: what was begun goes on where it was, also a follow-up that is due in three days.
 */
import { once } from "node:events";
import { createLonghaul } from "longhaul";
import { dailyReport, processOrder, sendFollowUp, sendWelcomeEmail } from "./inngest/functions.ts";
import { inngest } from "./lib/inngest.ts";
import { users } from "./lib/users.ts";

const print = (line: string) => console.log(line);

users.set("u1", { email: "ada@example.com", hasCompletedOnboarding: false });

await using longhaul = createLonghaul({
  url: process.env.LONGHAUL_URL ?? "file:.longhaul/functions.db",
  functions: [sendWelcomeEmail, processOrder, dailyReport, sendFollowUp],
});
await longhaul.start();
print(`Store ${(await longhaul.health()).store}`);

// With an id an event starts its function once, however often this program is started in a day.
const { ids } = await inngest.send([
  {
    id: "created-u1",
    name: "user/created",
    data: { userId: "u1", email: "ada@example.com", name: "Ada" },
  },
  { id: "signed-up-u1", name: "user/signed-up", data: { userId: "u1" } },
  {
    id: "placed-o1",
    name: "order/placed",
    data: {
      id: "o1",
      items: [{ sku: "pen", quantity: 2 }],
      total: 9,
      customerEmail: "ada@example.com",
      paymentMethodId: "card",
    },
  },
  {
    id: "placed-o2",
    name: "order/placed",
    data: { id: "o2", items: [{ sku: "gold", quantity: 1 }], total: 999 },
  },
]);
print(`Sent ${ids.length} events; Ctrl-C stops`);

const stopping = new AbortController();
const reports = (await longhaul.listRuns()).map(async ({ id, functionId }) => {
  try {
    const state = await longhaul.waitForEnd(id, stopping.signal);
    const run = await longhaul.getRun(id);
    print(`${functionId} ${state}: ${run?.output ?? run?.error?.message}`);
  } catch {
    print(`${functionId} goes on at the next start`);
  }
});
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
stopping.abort();
await Promise.all(reports);
