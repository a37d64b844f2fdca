import { AsyncLocalStorage } from "node:async_hooks";
import type { BodiesHost } from "./bodies.ts";
import type { BodyCall } from "./step.ts";
import { StepKeys } from "./step-keys.ts";
import type { JournalEntry } from "./types.ts";

/** Stands between the key of a group and the id of a step inside. */
const INSIDE = "›";

/** Of whatever run: the innermost group that the code which is running belongs to. */
const current = new AsyncLocalStorage<GroupScope>();

/** The inside of a group while its body runs. */
export class GroupScope {
  readonly groups: Groups;
  /** What steps inside came to in this execution, for further attempts of the outermost group. */
  readonly known: Map<string, JournalEntry>;
  readonly #key: string;
  readonly #keys = new StepKeys();
  #outstanding = 0;
  #isOpen = true;

  constructor(groups: Groups, key: string, known: Map<string, JournalEntry>) {
    this.groups = groups;
    this.#key = key;
    this.known = known;
    groups.busy++;
  }

  /** The key of the next step of this id inside. */
  next(id: string): string {
    return `${this.#key}${INSIDE}${this.#keys.next(id)}`;
  }

  /** A step inside was called. */
  began(): void {
    if (this.#outstanding++ === 0 && this.#isOpen) this.groups.busy--;
  }

  /** A step inside has got its result. */
  settled(entry: JournalEntry): void {
    this.known.set(entry.key, entry);
    if (--this.#outstanding === 0 && this.#isOpen) this.groups.busy++;
  }

  /** The body has ended. */
  close(): void {
    if (this.#outstanding === 0) this.groups.busy--;
    this.#isOpen = false;
  }
}

/**
 * The groups of a run whose bodies run: steps with steps inside. A group is busy, and so is the run, while none of its
 * inner steps is outstanding: then its body does something that is no step.
 */
export class Groups {
  readonly #host: Pick<BodiesHost, "bodyReturned" | "bodyThrew">;
  readonly #known = new WeakMap<BodyCall, Map<string, JournalEntry>>();
  /** How many are busy. */
  busy = 0;

  constructor(host: Pick<BodiesHost, "bodyReturned" | "bodyThrew">) {
    this.#host = host;
  }

  /** The group whose body is calling. */
  get current(): GroupScope | undefined {
    const scope = current.getStore();
    // A run may begin to be executed inside a call of another.
    return scope?.groups === this ? scope : undefined;
  }

  /** @param attempts made before */
  run(call: BodyCall, attempts: number): void {
    const scope = new GroupScope(this, call.step.key, this.#knownOf(call));
    current
      .run(scope, async () => call.body(attempts))
      .then(
        (value) => {
          scope.close();
          this.#host.bodyReturned(call, attempts + 1, value);
        },
        (error: unknown) => {
          scope.close();
          this.#host.bodyThrew(call, attempts + 1, error);
        },
      );
  }

  #knownOf(call: BodyCall): Map<string, JournalEntry> {
    let known = call.step.scope?.known ?? this.#known.get(call);
    if (!known) this.#known.set(call, (known = new Map()));
    return known;
  }
}
