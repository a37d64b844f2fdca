import { Queue as BullQueue } from "bullmq";
import type * as bullmq from "bullmq";
import { LonghaulError } from "../core/errors.ts";
import { addJobWithin, isWithin } from "./add-within.ts";
import { createBackend } from "./create-backend.ts";
import { JobScheduler } from "./job-scheduler.ts";
import { Job } from "./job.ts";
import { addBulkWithRepeated, addRepeated } from "./repeat.ts";
import { isRepeated } from "./repeat-options.ts";
import type {
  Any,
  BackendFactory,
  BulkJobOptions,
  DataOf,
  JobsOptions,
  NameOf,
  QueueOptions,
  ResultOf,
} from "./types.ts";

/**
 * BullMQ's `Queue` on the store that `connection` names: nothing for the embedded SQLite file, a
 * `redis:` or `postgres:` URL for a server.
 *
 * @example
 * const mails = new Queue<{ to: string }>("mails");
 * await mails.add("welcome", { to: "ada@example.org" }, { attempts: 3 });
 * await mails.add("digest", { to: "ada@example.org" }, { repeat: { pattern: "0 9 * * *" } });
 */
export class Queue<
  DataTypeOrJob = Any,
  DefaultResultType = Any,
  DefaultNameType extends string = string,
  DataType = DataOf<DataTypeOrJob>,
  ResultType = ResultOf<DataTypeOrJob, DefaultResultType>,
  NameType extends string = NameOf<DataTypeOrJob, DefaultNameType>,
> extends BullQueue<
  DataTypeOrJob,
  DefaultResultType,
  DefaultNameType,
  DataType,
  ResultType,
  NameType,
  Any,
  Any
> {
  /**
   * @throws {LonghaulError} BULLMQ_BAD_CONNECTION, BULLMQ_BAD_QUEUE_OPTION, BULLMQ_BAD_REPEAT, BULLMQ_DRIVER_MISSING,
   *   and what opening a SQLite file throws.
   */
  constructor(
    name: string,
    opts: QueueOptions = {},
    backendFactory: BackendFactory = createBackend,
  ) {
    super(name, { connection: undefined, ...opts }, backendFactory);
  }

  protected override get Job(): typeof Job {
    return Job;
  }

  override get jobScheduler(): Promise<JobScheduler> {
    if (this._jobScheduler === undefined) {
      this._jobScheduler = new JobScheduler(this.name, this.opts, () => this.backend);
      this._jobScheduler.on("error", (error: Error) => this.emit("error", error));
    }
    return Promise.resolve(this._jobScheduler as JobScheduler);
  }

  /**
   * Adds a job. With `opts.repeat` it becomes a job scheduler, and the job of its next iteration is
   * returned; the scheduler's id is that job's `repeatJobKey`.
   *
   * @throws {LonghaulError} BULLMQ_BAD_JOB_OPTION, BULLMQ_BAD_REPEAT, BULLMQ_PAYLOAD_TOO_LARGE; STORE_BAD_TRANSACTION
   *   with `opts.transaction`
   * @example
   * db.transaction(() => {
   *   insertUser.run(user);
   *   void mails.add("welcome", { to: user.email }, { transaction: db });
   * })();
   */
  override add(
    name: NameType,
    data: DataType,
    opts?: JobsOptions,
  ): Promise<Job<DataType, ResultType, NameType>> {
    if (isWithin(opts))
      return Promise.resolve(
        addJobWithin(this, this.Job, { name, data, opts }) as Job<DataType, ResultType, NameType>,
      );
    // Through the Job getter above, what BullMQ makes here is Longhaul's Job.
    return super.add(name, data, opts);
  }

  protected override addJob(
    name: NameType,
    data: DataType,
    opts?: JobsOptions,
  ): Promise<bullmq.Job<DataType, ResultType, NameType>> {
    if (!isRepeated(opts)) return super.addJob(name, data, opts);
    return addRepeated(this, name, data, opts) as Promise<Job<DataType, ResultType, NameType>>;
  }

  /**
   * Adds many jobs at once. Those with `opts.repeat` become job schedulers, as with {@link add}.
   *
   * @throws {LonghaulError} as {@link add}, before anything is added
   */
  override addBulk(
    jobs: { name: NameType; data: DataType; opts?: BulkJobOptions }[],
  ): Promise<Job<DataType, ResultType, NameType>[]> {
    if (jobs.some(({ opts }) => isWithin(opts)))
      throw new LonghaulError("STORE_BAD_TRANSACTION", {
        reason: "jobs are added to it one by one, with add()",
      });
    const addPlain = (plain: unknown[]) => super.addBulk(plain as typeof jobs);
    const added = jobs.some(({ opts }) => isRepeated(opts))
      ? addBulkWithRepeated(this, jobs, addPlain)
      : addPlain(jobs);
    return added as Promise<Job<DataType, ResultType, NameType>[]>;
  }
}
