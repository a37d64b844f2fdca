/** A process that is a thousand browsers. */
import { Agent, get } from "node:http";
import { type Command, type Message, nowMs } from "./protocol.ts";

const agent = new Agent({ maxSockets: Infinity });
let latencies: number[] = [];
let messages = 0;
let ended = 0;
let connected: (() => void)[] = [];
let whenEnded = (): void => {};

process.once("disconnect", () => process.exit());
process.on("message", (command: Command) => void obey(command));

const say = (message: Message): void => void process.send!(message);

async function obey(command: Command): Promise<void> {
  if (command.kind === "close") {
    for (const close of connected) close();
    connected = [];
    [latencies, messages, ended] = [[], 0, 0];
    return say({ kind: "closed" });
  }
  if (command.kind === "report") {
    if (ended < connected.length) await new Promise<void>((resolve) => (whenEnded = resolve));
    return say({ kind: "report", latencies, messages, ended });
  }
  const { url, topics, count } = command;
  for (let first = 0; first < count; first += 100)
    await Promise.all(
      Array.from({ length: Math.min(100, count - first) }, (_, index) =>
        connect(`${url}?topics=${encodeURIComponent(topics[(first + index) % topics.length]!)}`),
      ),
    );
  say({ kind: "connected" });
}

/** Resolves with the first message: the snapshot. */
function connect(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
      let rest = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        const blocks = (rest + text).split("\n\n");
        rest = blocks.pop()!;
        for (const block of blocks) {
          if (!block.startsWith("event:")) continue;
          read(block);
          resolve();
        }
      });
    });
    request.on("error", reject);
    connected.push(() => request.destroy());
  });
}

function read(block: string): void {
  messages++;
  if (block.startsWith("event: job.progress")) {
    const at = Number(/"at":([\d.]+)/.exec(block)?.[1]);
    latencies.push(nowMs() - at);
  } else if (block.includes('"state":"completed"') && ++ended === connected.length) {
    whenEnded();
  }
}
