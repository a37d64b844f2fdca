import { LonghaulError } from "../../../core/errors.ts";
import type { RunHost } from "../../../runs/hosting.ts";
import type { Untyped } from "../../types/untyped.ts";
import type { RunScope } from "../run-scope.ts";
import { keyText, type TaskKey } from "./task-key.ts";

/** What a status says. */
export interface StatusUpdate {
  /** @default as before */
  readonly label?: string | undefined;
  /** @default as before */
  readonly state?: "loading" | "success" | "failure" | undefined;
  /** JSON. @default as before */
  readonly data?: Readonly<Record<string, Untyped>> | undefined;
}

/** The first has to have a label. */
export type InitialStatus = StatusUpdate & { readonly label: string };

/** A status of a run, as its readers see it. */
export interface StatusRecord extends StatusUpdate {
  readonly key: string;
  readonly label: string;
  /** What it said before, oldest first. */
  readonly history: readonly StatusUpdate[];
}

/** A status that a run keeps up to date while it runs: made by `io.createStatus()`. */
export class TriggerStatus {
  readonly #scope: RunScope;
  readonly #id: string;

  /** @internal */
  constructor(scope: RunScope, id: string) {
    this.#scope = scope;
    this.#id = id;
  }

  /** Changes what it says; what is left out stays. */
  async update(key: TaskKey, update: StatusUpdate): Promise<void> {
    const { run, host } = this.#scope;
    const id = keyText(key, "status.update()");
    await run.run(id, async () => {
      const known = (await readStatuses(host, run.id)).find((status) => status.key === this.#id);
      const label = update.label ?? known?.label;
      if (label === undefined)
        throw new LonghaulError("TRIGGER_V2_BAD_CALL", {
          call: "io.createStatus()",
          reason: "the status has no label",
        });
      const { key: _key, history = [], ...before } = known ?? {};
      const record: StatusRecord = {
        ...{ ...before, ...update, label, key: this.#id },
        history: known ? [...history, before].slice(-MAX_HISTORY) : [],
      };
      const change = { type: "set", key: `${PREFIX}${this.#id}`, value: record } as const;
      await host.stores.metadata.change({ now: host.now(), runId: run.id, changes: [change] });
    });
  }
}

/** What begins the names of statuses in a run's metadata. */
const PREFIX = "status:";
const MAX_HISTORY = 100;

/** The statuses of a run, in the order in which they were made. */
export async function readStatuses(host: RunHost, runId: string): Promise<StatusRecord[]> {
  const metadata = JSON.parse((await host.stores.metadata.get(runId)) ?? "{}") as object;
  return Object.entries(metadata)
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([, status]) => status as StatusRecord);
}
