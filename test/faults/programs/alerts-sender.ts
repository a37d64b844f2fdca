/** Alerts on a store, with a webhook. */
import { createAlerts, webhook } from "../../../src/alerts/index.ts";
import { obey, setting } from "./program.ts";

const { connection, url, secret } = setting<{ connection: string; url: string; secret: string }>();
const alerts = createAlerts(connection, {
  rules: [{ name: "deep", when: "depth", queue: "mail", threshold: 1 }],
  targets: [webhook({ url, secret, allowPrivate: true })],
});
obey({
  async close() {
    await alerts.whenQuiet();
    await alerts.close();
    process.disconnect();
  },
});
await alerts.start();
