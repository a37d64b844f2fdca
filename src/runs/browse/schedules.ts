import type { FunctionDeclaration } from "../definition.ts";
import { readTicks, SCHEDULED_EVENT, type Ticks } from "../schedules.ts";
import { type StateCode, stateName } from "../store/sqlite/codes.ts";
import type { LastRun } from "./functions.ts";
import type { Reader } from "./reader.ts";

/** Schedules that are triggers of functions, as processes have published them. */

const ALL = "SELECT id, declaration FROM run_function WHERE declaration IS NOT NULL ORDER BY id";
const TICKS = `SELECT run_function.id, run_schedule.expression, run_schedule.next_at FROM run_function
  CROSS JOIN run_schedule ON run_schedule.function = run_function.pk`;
const RECENT = `SELECT run.id, run.state, coalesce(run.created_at, run.queued_at), run.finished_at, run_event.data
  FROM (SELECT pk FROM run INDEXED BY run_function_runs
    WHERE function = (SELECT pk FROM run_function WHERE id = ?) ORDER BY pk DESC LIMIT 100) AS recent
  CROSS JOIN run ON run.pk = recent.pk CROSS JOIN run_event ON run_event.pk = run.event
  WHERE run_event.name = '${SCHEDULED_EVENT}'`;

/** A cron or an interval of a function. */
export interface DeclaredSchedule {
  readonly functionId: string;
  /** As the function says it, its time zone in front of it if it has one; `every 60000` for an interval. */
  readonly text: string;
  readonly timeZone?: string | undefined;
  readonly ticks: Ticks;
  /** The tick that is waited for, epoch ms; missing if nobody has stored it yet. */
  readonly nextAt?: number | undefined;
}

/** All of them, by function. There are as many as programs say. */
export async function declaredSchedules(reader: Reader): Promise<DeclaredSchedule[]> {
  const [functions, stored] = await Promise.all([reader.query(ALL), reader.query(TICKS)]);
  const nextAt = new Map(
    (stored as [string, string, number][]).map(([id, expression, at]) => [
      `${id} ${expression}`,
      at,
    ]),
  );
  return (functions as [string, string][]).flatMap(([functionId, text]) => {
    const { triggers } = JSON.parse(text) as FunctionDeclaration;
    return triggers.flatMap((trigger): DeclaredSchedule[] => {
      if ("event" in trigger) return [];
      const ticks = readTicks(trigger);
      const next = nextAt.get(`${functionId} ${ticks.expression}`);
      return [
        {
          functionId,
          text: "cron" in trigger ? trigger.cron : `every ${trigger.everyMs}`,
          ...("cron" in trigger &&
            trigger.timeZone !== undefined && { timeZone: trigger.timeZone }),
          ticks,
          ...(next !== undefined && { nextAt: next }),
        },
      ];
    });
  });
}

/** The last run that a schedule of a function has started, if it is among the last hundred of the function. */
export async function lastTickRun(
  reader: Reader,
  { functionId, text }: Pick<DeclaredSchedule, "functionId" | "text">,
): Promise<LastRun | undefined> {
  for (const row of await reader.query(RECENT, [functionId])) {
    const [id, state, createdAt, finishedAt, data] = row as [
      string,
      StateCode,
      number,
      number | null,
      string,
    ];
    const tick = JSON.parse(data) as { readonly cron?: string; readonly everyMs?: number };
    if ((tick.cron ?? `every ${tick.everyMs}`) !== text) continue;
    return { id, state: stateName(state), createdAt, ...(finishedAt !== null && { finishedAt }) };
  }
  return undefined;
}
