import type { MetadataChange, MetadataTarget } from "../../runs/store/metadata-store.ts";
import { currentPlace, requireScope } from "../run/scope.ts";
import type { Untyped } from "../types/untyped.ts";

/** Changes of metadata: of this run, its parent or its root. Each gives itself back, for a chain. */
export class MetadataUpdater {
  readonly #target: MetadataTarget;

  /** @internal */
  constructor(target: MetadataTarget) {
    this.#target = target;
  }

  /** `key` is a property, or a path: `$.steps[0].name`. */
  set(key: string, value: Untyped): this {
    // JSON has no undefined.
    return this.#change(
      value === undefined ? { type: "delete", key } : { type: "set", key, value: value as unknown },
    );
  }

  del(key: string): this {
    return this.#change({ type: "delete", key });
  }

  /** Adds to the end of a list. */
  append(key: string, value: Untyped): this {
    return this.#change({ type: "append", key, value: value as unknown });
  }

  /** Takes what equals the value out of a list. */
  remove(key: string, value: Untyped): this {
    return this.#change({ type: "remove", key, value: value as unknown });
  }

  increment(key: string, value = 1): this {
    return this.#change({ type: "increment", key, value });
  }

  decrement(key: string, value = 1): this {
    return this.#change({ type: "increment", key, value: -value });
  }

  /** Puts an object in the place of all there is. */
  replace(values: Readonly<Record<string, Untyped>>): this {
    return this.#change({ type: "replace", value: values });
  }

  #change(change: MetadataChange): this {
    requireScope("metadata").metadata.change(this.#target, change);
    return this;
  }
}

/** The metadata of the run that this code belongs to. */
export class MetadataTools extends MetadataUpdater {
  readonly parent = new MetadataUpdater("parent");
  readonly root = new MetadataUpdater("root");

  /** A copy of all values; `undefined` outside of tasks. */
  current(): Record<string, Untyped> | undefined {
    return currentPlace()?.scope.metadata.current();
  }

  get(key: string): Untyped {
    return currentPlace()?.scope.metadata.get(key) as Untyped;
  }

  /** Writes what was changed; without it that happens within a second. */
  flush(): Promise<void> {
    return requireScope("metadata.flush").metadata.flush();
  }

  /** Reads what others have changed. */
  refresh(): Promise<void> {
    return requireScope("metadata.refresh").metadata.refresh();
  }
}

/** What a run says about itself while it runs; others read it with `runs.retrieve` and `runs.subscribeToRun`. */
export const metadata = new MetadataTools("self");
