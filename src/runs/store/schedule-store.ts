import type { StartRequest } from "./run-store.ts";

/** What makes a schedule. */
export interface ScheduleRequest {
  readonly functionId: string;
  /** Cron pattern; the store takes it as text. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly externalId?: string | undefined;
  /** When it ticks first, epoch ms. */
  readonly nextAt: number;
}

/** A schedule that was made while the program runs. Those of the code are in {@link RunStore.schedule}. */
export interface ScheduleRecord extends Omit<ScheduleRequest, "nextAt"> {
  readonly id: string;
  /** Unique in the store. */
  readonly deduplicationKey: string;
  readonly isActive: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When it ticked last. */
  readonly lastAt?: number | undefined;
  /** Missing while it is not active. */
  readonly nextAt?: number | undefined;
}

/** Schedules that are made, changed and removed while the program runs. */
export interface ScheduleStore {
  /** Makes a schedule; one with the same key is changed instead, and keeps its id. */
  create(params: {
    readonly now: number;
    /** For a new one. */
    readonly id: string;
    readonly deduplicationKey: string;
    readonly schedule: ScheduleRequest;
  }): Promise<ScheduleRecord>;
  retrieve(id: string): Promise<ScheduleRecord | undefined>;
  /** Puts others in the place of what it says. @returns `undefined` if there is none */
  update(params: {
    readonly now: number;
    readonly id: string;
    readonly schedule: ScheduleRequest;
  }): Promise<ScheduleRecord | undefined>;
  /** @returns whether it was there */
  delete(id: string): Promise<boolean>;
  /** Activates (with when it ticks next) or deactivates. @returns `undefined` if there is none */
  setActive(params: {
    readonly now: number;
    readonly id: string;
    readonly nextAt: number | undefined;
  }): Promise<ScheduleRecord | undefined>;
  /** Schedules, oldest first. */
  list(params: {
    readonly limit: number;
    /** How many to pass by. @default 0 */
    readonly offset?: number | undefined;
    /** The id of the schedule that the page begins after. @default from the first */
    readonly after?: string | undefined;
  }): Promise<{ readonly schedules: readonly ScheduleRecord[]; readonly count: number }>;

  /** Says whose schedules this process ticks. From then on, {@link RunStore.advance} counts them in. */
  serve(functionIds: readonly string[]): void;
  /** Served schedules whose tick is due. */
  due(params: { readonly now: number }): Promise<readonly ScheduleRecord[]>;
  /** Starts a due tick and sets the next, unless another process did, or it was changed since. */
  tick(params: {
    readonly now: number;
    readonly id: string;
    /** The tick, as `nextAt` said. */
    readonly at: number;
    readonly nextAt: number;
    readonly start: StartRequest;
  }): Promise<boolean>;
}
