import type { FunctionDefinition } from "./definition.ts";
import {
  createScheduledStart,
  type CronTrigger,
  type IntervalTrigger,
  readTicks,
  type Ticks,
} from "./schedules.ts";
import type { RunStore } from "./store/run-store.ts";

interface KnownSchedule {
  readonly definition: FunctionDefinition;
  readonly trigger: CronTrigger | IntervalTrigger;
  readonly ticks: Ticks;
}

/**
 * Keeps the store's schedules equal to the cron and interval triggers of the registered functions, and starts their ticks. Several
 * processes may do so: the store lets each tick through once.
 */
export class ScheduleKeeper {
  readonly #store: RunStore;
  /** By function and by what identifies the schedule in the store. */
  #known = new Map<string, ReadonlyMap<string, KnownSchedule>>();

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** Takes over the timed triggers of these functions, in place of all before. */
  async set(definitions: Iterable<FunctionDefinition>, now: number): Promise<void> {
    const known = new Map<string, ReadonlyMap<string, KnownSchedule>>();
    for (const definition of definitions) known.set(definition.id, schedulesOf(definition));
    if (this.#isEmpty && isEmpty(known)) {
      this.#known = known;
      return;
    }
    this.#known = known;
    const schedules = [...known.values()].flatMap((ofFunction) =>
      [...ofFunction].map(([expression, { definition, ticks }]) => ({
        functionId: definition.id,
        expression,
        nextAt: ticks.next(now),
      })),
    );
    await this.#store.schedule({ now, schedules, functionIds: [...known.keys()] });
  }

  /** Starts the ticks that are due. @returns whether there were any */
  async tick(now: number): Promise<boolean> {
    if (this.#isEmpty) return false;
    const due = await this.#store.dueSchedules({ now });
    await Promise.all(
      due.map(async ({ functionId, expression, at }) => {
        const found = this.#known.get(functionId)?.get(expression);
        if (!found) return;
        const { scheduledAt, nextAt } = found.ticks.due(at, now);
        const start = createScheduledStart(found.definition, found.trigger, scheduledAt, now);
        await this.#store.tick({ now, functionId, expression, at, nextAt, start });
      }),
    );
    return due.length > 0;
  }

  get #isEmpty(): boolean {
    return isEmpty(this.#known);
  }
}

function schedulesOf(definition: FunctionDefinition): ReadonlyMap<string, KnownSchedule> {
  const found = new Map<string, KnownSchedule>();
  for (const trigger of definition.triggers) {
    if ("event" in trigger) continue;
    const ticks = readTicks(trigger);
    found.set(ticks.expression, { definition, trigger, ticks });
  }
  return found;
}

function isEmpty(known: ReadonlyMap<string, ReadonlyMap<string, unknown>>): boolean {
  for (const { size } of known.values()) if (size > 0) return false;
  return true;
}
