import type { FunctionDefinition } from "./definition.ts";
import {
  createScheduledStart,
  createScheduleStart,
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
 * Keeps the store's schedules equal to the cron and interval triggers of the registered functions, and starts their
 * ticks, and those of the schedules that were made for these functions while the program runs. Several processes may do
 * so: the store lets each tick through once.
 */
export class ScheduleKeeper {
  readonly #store: RunStore;
  /** By function and by what identifies the schedule in the store. */
  #known = new Map<string, ReadonlyMap<string, KnownSchedule>>();
  #functions: ReadonlyMap<string, FunctionDefinition> = new Map();

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** Takes over the timed triggers of these functions, in place of all before. */
  async set(definitions: Iterable<FunctionDefinition>, now: number): Promise<void> {
    const known = new Map<string, ReadonlyMap<string, KnownSchedule>>();
    const functions = new Map([...definitions].map((definition) => [definition.id, definition]));
    for (const definition of functions.values()) known.set(definition.id, schedulesOf(definition));
    this.#functions = functions;
    this.#store.stores.schedules.serve([...functions.keys()]);
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
    const [ofTriggers, ofSchedules] = await Promise.all([
      this.#isEmpty ? 0 : this.#tickTriggers(now),
      this.#tickSchedules(now),
    ]);
    return ofTriggers + ofSchedules > 0;
  }

  async #tickTriggers(now: number): Promise<number> {
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
    return due.length;
  }

  async #tickSchedules(now: number): Promise<number> {
    const { schedules } = this.#store.stores;
    const due = await schedules.due({ now });
    await Promise.all(
      due.map(async (schedule) => {
        const definition = this.#functions.get(schedule.functionId);
        if (!definition) return;
        const at = schedule.nextAt!;
        const { scheduledAt, nextAt } = readTicks(schedule).due(at, now);
        const start = createScheduleStart(definition, schedule, scheduledAt, now);
        await schedules.tick({ now, id: schedule.id, at, nextAt, start });
      }),
    );
    return due.length;
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
