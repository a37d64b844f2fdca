/** No engine: a loop that takes steps and appends their results, one commit for all that arrive in a turn. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../probe-sqlite.ts";
import { RunLedger } from "../ledger.ts";
import type { RunAdapter, RunSystem } from "../system.ts";

interface Append {
  readonly values: [run: number, key: string, data: string];
  readonly done: () => void;
}

export function journal(durability: "relaxed" | "full"): RunAdapter {
  let stores = 0;
  return {
    async create({ folder }): Promise<RunSystem> {
      const path = join(folder, `journal-${++stores}.db`);
      const { append, close } = await openJournal(path, durability);
      const ledger = new RunLedger();
      return {
        ledger,
        async run(run, steps) {
          let sum = 0;
          for (let index = 0; index < steps; index++) {
            const value = ledger.step(run, index);
            await append(run, `step-${index}`, JSON.stringify(value));
            sum += value;
          }
          return sum;
        },
        start: cannot,
        startWaiting: cannot,
        wake: cannot,
        async drop() {
          close();
          for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
        },
      };
    },
  };
}

async function openJournal(path: string, durability: "relaxed" | "full") {
  const open = await openSqlite();
  if (open === undefined) throw new Error("neither better-sqlite3 nor node:sqlite is there");
  const database = open(path);
  database.exec(`
    pragma journal_mode = wal;
    pragma synchronous = ${durability === "full" ? "full" : "normal"};
    create table journal (pk integer primary key, run integer not null, key text not null, data text not null)`);
  const begin = database.prepare("begin immediate");
  const commit = database.prepare("commit");
  const insert = database.prepare("insert into journal (run, key, data) values (?, ?, ?)");
  let queue: Append[] = [];
  const flush = () => {
    const batch = queue;
    queue = [];
    begin.run();
    for (const { values } of batch) insert.run(...values);
    commit.run();
    for (const { done } of batch) done();
  };
  return {
    append: (...values: Append["values"]) =>
      new Promise<void>((done) => {
        if (queue.push({ values, done }) === 1) setImmediate(flush);
      }),
    close: () => database.close(),
  };
}

function cannot(): never {
  throw new Error("a journal is all there is");
}
