/** A task that was started: its id, and the token to follow and stop it. */
export interface TaskHandle {
  /** The topic it is followed by: `job:<queue>:<id>` or `run:<id>`. */
  readonly id: string;
  /** What may be done with this task only. */
  readonly publicToken?: string | undefined;
  /** Whether its end has been told. */
  readonly isTold?: boolean | undefined;
}

/** Where a hook keeps what it has started, for when the page is loaded again. */
export interface Persistence {
  readonly key: string;
  /** @default sessionStorage: for this tab, until it is closed */
  readonly storage?: Pick<Storage, "getItem" | "setItem" | "removeItem"> | undefined;
}

const nameOf = ({ key }: Persistence): string => `longhaul:task:${key}`;

/** A page may be forbidden to store anything; then nothing is remembered. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

export function recall(persistence: Persistence): TaskHandle | undefined {
  const text = attempt(() => (persistence.storage ?? sessionStorage).getItem(nameOf(persistence)));
  const handle = attempt(() => JSON.parse(text ?? "null") as TaskHandle | null);
  return typeof handle?.id === "string" ? handle : undefined;
}

export function remember(persistence: Persistence, handle: TaskHandle | undefined): void {
  attempt(() => {
    const storage = persistence.storage ?? sessionStorage;
    if (handle) storage.setItem(nameOf(persistence), JSON.stringify(handle));
    else storage.removeItem(nameOf(persistence));
  });
}
