/** Restate: one service in this process, called through the ingress of the server. */
import { createServer } from "node:http2";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { requirePeer } from "../../peers.ts";
import { RunLedger } from "../ledger.ts";
import type { RunAdapter, RunSystem } from "../system.ts";

/** What of `@restatedev/restate-sdk` is used; it is not among our dependencies, so neither are its types. */
interface Sdk {
  service(definition: { name: string; handlers: Record<string, Handler> }): unknown;
  endpoint(): Endpoint;
}
interface Endpoint {
  bind(service: unknown): Endpoint;
  /** Each start and end of an invocation is a line on the console otherwise. */
  setLogger(log: () => void): Endpoint;
  http2Handler(): Parameters<typeof createServer>[1];
}
type Handler = (context: Context, input: Input) => Promise<number>;
interface Context {
  run<T>(name: string, body: () => T): Promise<T>;
  awakeable(): { id: string; promise: Promise<unknown> };
}
interface Input {
  readonly run: number;
  readonly steps: number;
}
interface Clients {
  connect(options: { url: string }): {
    serviceClient(definition: {
      name: string;
    }): Record<"steps" | "waiting", (input: Input) => Promise<number>>;
    resolveAwakeable(id: string, payload: unknown): Promise<void>;
  };
}

const NAME = "bench";
/** A service that cannot be called is called again for ever. */
const FIRST_CALL_MS = 30_000;

export function restate(): RunAdapter {
  provideWithResolvers();
  const sdk = requirePeer("@restatedev/restate-sdk") as Sdk;
  const { connect } = requirePeer("@restatedev/restate-sdk-clients") as Clients;
  let ledger = new RunLedger();
  /** What wakes the runs that wait, by run. */
  const awakeables = new Map<number, (id: string) => void>();

  const service = sdk.service({
    name: NAME,
    handlers: {
      steps: async (context, { run, steps }) => {
        let sum = 0;
        for (let index = 0; index < steps; index++)
          sum += await context.run(`step-${index}`, () => ledger.step(run, index));
        return sum;
      },
      waiting: async (context, { run }) => {
        const before = await context.run("before", () => ledger.step(run, 0));
        const { id, promise } = context.awakeable();
        awakeables.get(run)?.(id);
        await promise;
        ledger.resumed(run);
        return before + (await context.run("after", () => ledger.step(run, 1)));
      },
    },
  });

  let registered: Promise<void> | undefined;

  return {
    async create({ url = "" }): Promise<RunSystem> {
      const { origin, searchParams } = new URL(url);
      registered ??= serve(
        sdk
          .endpoint()
          .bind(service)
          .setLogger(() => {})
          .http2Handler(),
        `http://127.0.0.1:${searchParams.get("admin")}`,
      );
      await registered;
      const ingress = connect({ url: origin });
      const client = ingress.serviceClient({ name: NAME });
      ledger = new RunLedger();
      await Promise.race([
        client.steps({ run: ledger.expect(1), steps: 1 }),
        sleep(FIRST_CALL_MS, undefined, { ref: false }).then(() => {
          throw new Error(`no answer to the first call within ${FIRST_CALL_MS} ms`);
        }),
      ]);
      const own = (ledger = new RunLedger());
      const ids = new Map<number, Promise<string>>();
      return {
        ledger: own,
        run: (run, steps) => client.steps({ run, steps }),
        start: async (run) => {
          const output = client.steps({ run, steps: 1 });
          return { output: () => output };
        },
        startWaiting: async (run) => {
          const id = new Promise<string>((resolve) => awakeables.set(run, resolve));
          ids.set(run, id);
          const output = client.waiting({ run, steps: 2 });
          await id;
          return { output: () => output };
        },
        wake: async (run) => ingress.resolveAwakeable((await ids.get(run)) ?? "", run),
        drop: async () => awakeables.clear(),
      };
    },
  };
}

async function serve(handler: Parameters<typeof createServer>[1], admin: string): Promise<void> {
  const server = createServer({}, handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`${admin}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  });
  if (!answer.ok) throw new Error(`Restate refused the deployment: ${await answer.text()}`);
}

/** Its SDK was written for Node 22, where promises have this; nothing else of it is missed before. */
function provideWithResolvers(): void {
  const promises = Promise as { withResolvers?: () => unknown };
  promises.withResolvers ??= () => {
    let [resolve, reject] = [(_value: unknown) => {}, (_reason: unknown) => {}];
    const promise = new Promise((...both) => ([resolve, reject] = both));
    return { promise, resolve, reject };
  };
}
