/** The other process of the pick-up measure: adds a job whenever it is told to. */
import { sharedClockUs } from "../clock.ts";
import { find } from "../suites.ts";
import { contestants } from "./contestants/index.ts";

const [contestant = "", address = "", name = ""] = process.argv.slice(2);
const store = await (await find(contestants, contestant, "contestant").load()).open(address);
const queue = store.queue(name);

process.on("message", (message) => void (message === "end" ? end() : add()));
process.once("disconnect", () => process.exit());
await queue.counts();
process.send?.("ready");

async function add(): Promise<void> {
  process.send?.(await queue.add({ at: sharedClockUs() }));
}

async function end(): Promise<void> {
  await queue.close();
  process.disconnect();
}
