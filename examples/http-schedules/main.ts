/** Calls an application of its own by the clock, until it is interrupted. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createLonghaul } from "longhaul";
import { createApp } from "./app.ts";
import { schedulesOf } from "./schedules.ts";

const secret = (process.env["CRON_SECRET"] ??= "only-for-this-example");
const app = createApp(secret, ({ path }) => console.log(`called ${path}`));
app.listen(0, "127.0.0.1");
await once(app, "listening");
const { port } = app.address() as AddressInfo;

const functions = schedulesOf(`http://127.0.0.1:${port}`);
const longhaul = createLonghaul({
  url: process.env["LONGHAUL_URL"] ?? "file:.longhaul/http-schedules.db",
  functions,
});
await longhaul.start();
for (const { id, triggers } of functions) console.log(`${id}: ${JSON.stringify(triggers)}`);

// The first one now, without waiting for its time.
console.log(JSON.stringify(await longhaul.invoke(functions[0]!)));

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    void longhaul.close().then(() => app.close());
  });
