import type { RunHandle } from "../../runs/definition.ts";
import type { Untyped } from "../types/untyped.ts";
import { receive } from "./events/event.ts";
import type { Job } from "./job.ts";

/** What a run knows of itself: the third argument of `run`. */
export interface TriggerContext {
  readonly event: {
    readonly id: string;
    readonly name: string;
    readonly context: Untyped;
    readonly timestamp: Date;
  };
  readonly job: { readonly id: string; readonly version: string };
  readonly run: {
    readonly id: string;
    readonly isTest: boolean;
    readonly isRetry: boolean;
    readonly startedAt: Date;
  };
  /** One process, one environment: by NODE_ENV. */
  readonly environment: {
    readonly id: string;
    readonly slug: string;
    readonly type: "DEVELOPMENT" | "PRODUCTION";
  };
  readonly organization: { readonly id: string; readonly slug: string; readonly title: string };
  readonly project: { readonly id: string; readonly slug: string; readonly name: string };
  /** Whom the event was sent for. */
  readonly account?: { readonly id: string };
  /** Which registration of a dynamic schedule has started the run. */
  readonly source?: { readonly id: string; readonly metadata: Untyped };
}

/** The context of a run. */
export function contextOf(run: RunHandle, job: Job): TriggerContext {
  const { id, name, context, timestamp, accountId } = receive(run.event);
  const source = job.trigger.sourceOf?.(run.event);
  const account = accountId ?? source?.accountId;
  return {
    event: { id, name, context, timestamp },
    job: { id: job.id, version: job.version },
    run: {
      id: run.id,
      isTest: run.details.isTest ?? false,
      isRetry: run.details.replayOf !== undefined,
      startedAt: new Date(run.startedAt),
    },
    ...surroundings(job.client.id),
    ...(account !== undefined && { account: { id: account } }),
    ...(source && { source: { id: source.id, metadata: source.metadata } }),
  };
}

/** What stands for Trigger.dev's accounts: the package, the client and NODE_ENV. */
export function surroundings(
  clientId: string,
): Pick<TriggerContext, "environment" | "organization" | "project"> {
  const isProduction = process.env["NODE_ENV"] === "production";
  const slug = isProduction ? "prod" : "dev";
  return {
    environment: { id: slug, slug, type: isProduction ? "PRODUCTION" : "DEVELOPMENT" },
    organization: { id: "longhaul", slug: "longhaul", title: "Longhaul" },
    project: { id: clientId, slug: clientId, name: clientId },
  };
}
