import type { Trigger } from "../../../runs/definition.ts";
import type { RunEvent } from "../../../runs/types.ts";
import type { Untyped } from "../../types/untyped.ts";
import type { Job } from "../job.ts";

/** What starts a job: made by `eventTrigger`, `intervalTrigger`, `cronTrigger`, `invokeTrigger`, `defineDynamicSchedule`. */
export interface JobTrigger<TPayload = Untyped, TInvoke = TPayload> {
  /** Never there: it carries the types. */
  readonly types?: { readonly payload: TPayload; readonly invoke: TInvoke } | undefined;
  /** @internal What the engine has to look for. */
  readonly triggers: readonly Trigger[];
  /** @internal The payload that `run` gets, held to the schema. @throws TRIGGER_V2_INVALID_PAYLOAD */
  payloadOf(event: RunEvent): Promise<TPayload>;
  /** @internal Holds what `invoke` is given to the schema. @throws TRIGGER_V2_INVALID_PAYLOAD */
  checkInvoke(payload: unknown): Promise<void>;
  /** @internal A job has it as its trigger. */
  usedBy?(job: Job): void;
  /** @internal What started the run, if it is a registration made while the program runs. */
  sourceOf?(
    event: RunEvent,
  ): { readonly id: string; readonly metadata?: unknown; readonly accountId?: string } | undefined;
}

/** The payload of the jobs of a trigger. */
export type PayloadOf<TTrigger> =
  TTrigger extends JobTrigger<infer TPayload, Untyped> ? TPayload : Untyped;

/** What `invoke` of the jobs of a trigger takes. */
export type InvokeOf<TTrigger> =
  TTrigger extends JobTrigger<Untyped, infer TInvoke> ? TInvoke : Untyped;
