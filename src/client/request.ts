import { ApiError } from "./api-error.ts";
import { backoffMs } from "./live/backoff.ts";
import type { TokenSource } from "./live/token-source.ts";

/** What every call of a client shares. */
export interface Sender {
  readonly apiUrl: string;
  readonly token: TokenSource;
  readonly fetch: typeof globalThis.fetch;
  /** How often a call is repeated. */
  readonly retries: number;
}

/** What may be said about one call. */
export interface CallOptions {
  /** Ends the call, also between two tries: `AbortSignal.timeout(5_000)`, or that of a component. */
  readonly signal?: AbortSignal | undefined;
  /** Of a POST: the same for what is to be done once. @default a new one for each call */
  readonly idempotencyKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Answers that may be others a moment later: of the server, and of proxies before it. */
const PASSING = new Set([429, 502, 503, 504]);
const LONGEST_WAIT_MS = 30_000;

/**
 * Sends a request until it is answered. To repeat one does no harm: what is no POST is idempotent, and a POST has a key.
 *
 * @throws {ApiError} the server's refusal
 * @throws {TypeError} of `fetch`, when nobody could be reached
 */
export async function send(
  sender: Sender,
  { method, path, body }: { method: string; path: string; body: unknown },
  options: CallOptions,
): Promise<Response> {
  const { token, fetch, retries, apiUrl } = sender;
  const { signal, idempotencyKey = newKey() } = options;
  let isTokenFresh = !token.canRefresh;
  for (let attempt = 1; ; attempt++) {
    const bearer = await token.get();
    signal?.throwIfAborted();
    const headers = {
      accept: "application/json",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...(method === "POST" && { "idempotency-key": idempotencyKey }),
      ...options.headers,
    };
    let response: Response | undefined;
    try {
      response = await fetch(`${apiUrl}${path}`, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
    } catch (error) {
      if (signal?.aborted || attempt > retries) throw error;
    }
    if (response?.ok) return response;
    const error = response && (await ApiError.from(response));
    if (error?.status === 401 && !isTokenFresh) {
      isTokenFresh = true;
      token.forget();
      continue;
    }
    const isPassing = error && (PASSING.has(error.status) || isBeingAnswered(error));
    if (error && (!isPassing || attempt > retries)) throw error;
    await wait(waitMs(response, attempt), signal);
  }
}

/** The try before this one was lost on the way back, and the server is still at it. */
const isBeingAnswered = ({ code }: ApiError): boolean => code === "SERVER_IDEMPOTENCY_BUSY";

/** What the server says, or twice as long each time. */
function waitMs(response: Response | undefined, attempt: number): number {
  const seconds = Number(response?.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds)
    ? Math.min(seconds * 1_000, LONGEST_WAIT_MS)
    : backoffMs(attempt, Math.random());
}

function wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const abort = (): void => {
      end();
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      end();
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", abort);
  });
}

/** 128 bits. `randomUUID` is missing in pages that were not loaded by HTTPS. */
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
