import { LonghaulError } from "../../core/errors.ts";
import { currentScope } from "../run/scope.ts";

type Fetch = typeof globalThis.fetch;

/** `fetch` that is a step when a handler calls it. */
export interface StepFetch extends Fetch {
  /** What is called outside of functions and inside of step bodies; `undefined` to refuse that. */
  readonly fallback: Fetch | undefined;
  /** Sets the fallback of this `fetch`, and gives it back. */
  config(options: { fallback?: Fetch | undefined }): StepFetch;
}

/** A response as the journal keeps it. */
export interface StoredResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly url: string;
  /** Text, or base64 where the bytes are no UTF-8. */
  readonly body: string;
  readonly encoding: "utf8" | "base64";
}

/** Statuses whose responses may have no body. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

/** Takes a step of the current execution. */
export type TakeFetchStep = (
  id: string,
  body: (fetch: Fetch) => Promise<StoredResponse>,
) => Promise<StoredResponse>;

/** Makes a {@link StepFetch}; `takeStep` is asked for at each call. */
export function createStepFetch(takeStep: () => TakeFetchStep | undefined): StepFetch {
  const options: { fallback: Fetch | undefined } = {
    fallback: (...args) => globalThis.fetch(...args),
  };
  const call: Fetch = async (input, init) => {
    const take = currentScope()?.inStep === undefined ? takeStep() : undefined;
    if (take === undefined) {
      if (options.fallback === undefined)
        throw new LonghaulError("INNGEST_NOT_IN_FUNCTION", { tool: "fetch" });
      return options.fallback(input, init);
    }
    const request = new Request(input, init);
    const stored = await take(`step.fetch: ${new URL(request.url).hostname}`, (fetch) =>
      perform(fetch, request.clone()),
    );
    return restore(stored);
  };
  const stepFetch = Object.assign(call, {
    config(changes: { fallback?: Fetch | undefined }): StepFetch {
      if ("fallback" in changes) options.fallback = changes.fallback;
      return stepFetch;
    },
  }) as StepFetch;
  Object.defineProperty(stepFetch, "fallback", { get: () => options.fallback, enumerable: true });
  return stepFetch;
}

async function perform(fetch: Fetch, request: Request): Promise<StoredResponse> {
  const response = await fetch(request);
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString("utf8");
  const isText = Buffer.from(text, "utf8").equals(bytes);
  return {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers].filter(([name]) => !isAboutTransfer(name)),
    url: response.url,
    body: isText ? text : bytes.toString("base64"),
    encoding: isText ? "utf8" : "base64",
  };
}

/** The stored body is unpacked already. */
const isAboutTransfer = (name: string): boolean =>
  name === "content-encoding" || name === "content-length" || name === "transfer-encoding";

function restore(stored: StoredResponse): Response {
  const { status, statusText, headers, body, encoding, url } = stored;
  const response = new Response(
    BODILESS.has(status) ? null : encoding === "utf8" ? body : Buffer.from(body, "base64"),
    {
      status,
      statusText,
      headers: headers.map(([name, value]) => [name, value] as [string, string]),
    },
  );
  Object.defineProperty(response, "url", { value: url });
  return response;
}
