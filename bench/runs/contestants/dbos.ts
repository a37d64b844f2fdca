/** DBOS Transact on PostgreSQL, as its documentation shows it. Every store is a database of its own. */
import pg from "pg";
import { requirePeer } from "../../peers.ts";
import { RunLedger } from "../ledger.ts";
import type { RunAdapter, RunSystem } from "../system.ts";

/** What of `@dbos-inc/dbos-sdk` is used; it is not among our dependencies, so neither are its types. */
interface Dbos {
  setConfig(config: Record<string, unknown>): void;
  launch(): Promise<void>;
  shutdown(): Promise<void>;
  registerWorkflow<A extends unknown[]>(code: Workflow<A>, options: { name: string }): Workflow<A>;
  startWorkflow<A extends unknown[]>(
    workflow: Workflow<A>,
    options: { workflowID: string },
  ): (...args: A) => Promise<{ getResult(): Promise<number> }>;
  runStep<T>(body: () => Promise<T>, options: { name: string }): Promise<T>;
  recv(topic: string, timeoutSeconds: number): Promise<unknown>;
  send(workflowId: string, message: unknown, topic: string): Promise<void>;
}
type Workflow<A extends unknown[]> = (...args: A) => Promise<number>;

const TOPIC = "wake";
const WAIT_SECONDS = 3_600;
const SILENT = { info() {}, debug() {}, warn() {}, error() {} };

export function dbos(): RunAdapter {
  const { DBOS } = requirePeer("@dbos-inc/dbos-sdk") as { DBOS: Dbos };
  let ledger = new RunLedger();

  const steps = DBOS.registerWorkflow(
    async (run: number, count: number) => {
      let sum = 0;
      for (let index = 0; index < count; index++)
        sum += await DBOS.runStep(async () => ledger.step(run, index), { name: `step-${index}` });
      return sum;
    },
    { name: "steps" },
  );
  const waiting = DBOS.registerWorkflow(
    async (run: number) => {
      const before = await DBOS.runStep(async () => ledger.step(run, 0), { name: "before" });
      await DBOS.recv(TOPIC, WAIT_SECONDS);
      ledger.resumed(run);
      return before + (await DBOS.runStep(async () => ledger.step(run, 1), { name: "after" }));
    },
    { name: "waiting" },
  );

  let stores = 0;
  return {
    async create({ url = "" }): Promise<RunSystem> {
      const address = new URL(url);
      const database = `bench_${++stores}`;
      address.pathname = `/${database}`;
      await run(url, `create database ${database}`);
      DBOS.setConfig({
        name: "bench",
        systemDatabaseUrl: address.href,
        runAdminServer: false,
        logger: SILENT,
      });
      await DBOS.launch();
      const own = (ledger = new RunLedger());
      const idOf = (run: number) => `run-${run}`;
      const started = (handle: { getResult(): Promise<number> }) => ({
        output: () => handle.getResult(),
      });
      return {
        ledger: own,
        run: async (run, count) =>
          (await DBOS.startWorkflow(steps, { workflowID: idOf(run) })(run, count)).getResult(),
        start: async (run) =>
          started(await DBOS.startWorkflow(steps, { workflowID: idOf(run) })(run, 1)),
        startWaiting: async (run) =>
          started(await DBOS.startWorkflow(waiting, { workflowID: idOf(run) })(run)),
        wake: (run) => DBOS.send(idOf(run), run, TOPIC),
        async drop() {
          await DBOS.shutdown();
          await run(url, `drop database ${database} with (force)`);
        },
      };
    },
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
