/**
 * An order pipeline on the embedded store: orders come in over HTTP, are validated, paid and
 * confirmed by three queues, and Bull Board shows them. Kill it at any moment and start it again:
 * it goes on where it was, and nobody pays twice.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { addSamplesOnce } from "./samples.ts";
import { createApp, DASHBOARD_PATH } from "./http.ts";
import { Ledger } from "./ledger.ts";
import { watchQueue, watchWorker } from "./monitor.ts";
import { openQueues } from "./queues.ts";
import { readSettings } from "./settings.ts";
import { runUntilStopped } from "./shutdown.ts";
import { startWorkers } from "./workers.ts";

const print = (line: string) => console.log(line);
const settings = readSettings(process.env);

const queues = openQueues();
const ledger = new Ledger(settings.ledgerFolder);
const server = createApp(queues, ledger, settings).listen(settings.port, settings.host);
await once(server, "listening");

const monitors = Object.values(queues).map(({ name }) => watchQueue(name, print));
const stopping = new AbortController();
const workers = startWorkers(queues, ledger, settings, stopping.signal);
for (const worker of workers) watchWorker(worker, print);

const { port } = server.address() as AddressInfo;
const origin = `http://localhost:${port}`;
print(`Orders     ${origin}/orders`);
print(`Dashboard  ${origin}${DASHBOARD_PATH}`);
print(`Store      ${process.env.LONGHAUL_URL ?? "file:.longhaul/longhaul.db"}`);
const added = await addSamplesOnce(queues, ledger, settings);
if (added > 0) print(`First start: ${added} sample orders are on their way`);
print("");

await runUntilStopped({
  server,
  workers,
  others: [...monitors, ...Object.values(queues)],
  graceMs: settings.shutdownGraceMs,
  stopping,
  print,
});
