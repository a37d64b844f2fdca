import { LonghaulError } from "../../core/errors.ts";
import { issuesOf, refuseIssues } from "../events/check-schema.ts";
import type { StandardSchemaV1 } from "../../core/standard-schema.ts";
import { INTERNAL_PREFIX } from "../internal-events.ts";
import { patternsFor } from "../../runs/event-names.ts";
import { chain } from "../maybe.ts";
import type { MaybePromise } from "../types/json.ts";
import {
  BaseMiddleware,
  type Class,
  type TransformFunctionInputArgs,
  type TransformSendEventArgs,
} from "./middleware.ts";

/** Options of {@link validationMiddleware}. */
export interface ValidationOptions {
  /** Whether events are refused that have a type but no schema that could be asked. @default false */
  readonly disallowSchemalessEvents?: boolean | undefined;
  /** Whether events are refused that the client's schemas do not know. @default false */
  readonly disallowUnknownEvents?: boolean | undefined;
  /** Whether functions take events as they come. @default false */
  readonly disableIncomingValidation?: boolean | undefined;
  /** Whether `send` takes events as they come. @default false */
  readonly disableOutgoingValidation?: boolean | undefined;
}

/**
 * Middleware that holds events to the client's `schemas`, when they are sent and when a function gets them. What
 * `@inngest/middleware-validation` is for Inngest v3; event types (`eventType`) need no middleware for it.
 */
export function validationMiddleware(options: ValidationOptions = {}): Class {
  return class extends BaseMiddleware {
    readonly id = "longhaul:validation";

    override transformSendEvent(
      args: TransformSendEventArgs,
    ): MaybePromise<TransformSendEventArgs> {
      if (options.disableOutgoingValidation) return args;
      return chain(this.#check(args.events), () => args);
    }

    override transformFunctionInput(
      args: TransformFunctionInputArgs,
    ): MaybePromise<TransformFunctionInputArgs> {
      if (options.disableIncomingValidation) return args;
      return chain(this.#check(args.ctx.events), () => args);
    }

    #check(events: readonly { name: string; data?: unknown }[]): MaybePromise<void> {
      return events.reduce<MaybePromise<void>>(
        (before, event) => chain(before, () => this.#checkOne(event)),
        undefined,
      );
    }

    #checkOne({ name, data }: { name: string; data?: unknown }): MaybePromise<void> {
      if (name.startsWith(INTERNAL_PREFIX)) return undefined;
      const { schemas } = this.client;
      const schema = patternsFor(name)
        .map((pattern) => schemas?.dataSchemas.get(pattern))
        .find((found): found is StandardSchemaV1 => found !== undefined);
      if (schema !== undefined)
        return chain(issuesOf(schema, data), (issues) => refuseIssues(name, issues));
      if (options.disallowSchemalessEvents) throw invalid(name, "it has no schema");
      // Types alone cannot say at run time which events there are.
      if (options.disallowUnknownEvents && schemas?.isComplete !== false)
        throw invalid(name, "no schema knows it");
      return undefined;
    }
  };
}

const invalid = (event: string, reason: string): LonghaulError =>
  new LonghaulError("INNGEST_EVENT_INVALID", { event, reason });
