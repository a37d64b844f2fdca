import { addressOf, type AnyInput } from "./address.ts";
import type { ApiMethods } from "./api-types.ts";
import { endpoints } from "./endpoints/index.ts";
import { type Token, TokenSource } from "./live/token-source.ts";
import { type CallOptions, send, type Sender } from "./request.ts";

/** How to make a client. */
export interface ClientOptions {
  /** Where the server is mounted, such as "https://example.com/jobs", or "/jobs" in a page. @default "" */
  readonly baseUrl?: string | undefined;
  /**
   * A token, or a function that gets one, called again when the server no longer takes the last.
   *
   * @default none: the cookies of the page's own origin
   */
  readonly token?: Token | undefined;
  /** @default the global one */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How often a call is repeated that did not arrive, or that the server could not answer just then. @default 2 */
  readonly retries?: number | undefined;
}

/** Calls the HTTP API: `client.<group>.<name>(input, options)`. */
export type LonghaulClient = ApiMethods;

/**
 * A client of the HTTP API, for browsers, Node, Bun and whatever else has `fetch`.
 *
 * A method takes one object with the parts of the path and the query by their names, and the body as `body`. It resolves
 * with the answer, and throws an {@link ApiError} when the server refuses. Calls that did not arrive are repeated; a POST
 * carries an Idempotency-Key, so that it is done once all the same.
 *
 * @example
 * const client = createClient({ baseUrl: "https://example.com/jobs", token: process.env.LONGHAUL_TOKEN });
 * const run = await client.runs.get({ runId });
 * for await (const { id } of client.runs.list.each({ state: ["failed"] })) console.log(id);
 */
export function createClient(options: ClientOptions = {}): LonghaulClient {
  const { baseUrl = "", token, retries = 2 } = options;
  const sender: Sender = {
    apiUrl: `${baseUrl.replace(/\/+$/, "")}/api/v1`,
    token: new TokenSource(token),
    // Called without an object before it, as browsers insist.
    fetch: options.fetch ?? ((...args) => globalThis.fetch(...args)),
    retries,
  };
  const groups: Record<string, Record<string, unknown>> = {};
  for (const [id, endpoint] of Object.entries(endpoints)) {
    const [group, name] = id.split(".") as [string, string];
    (groups[group] ??= {})[name] = createMethod(endpoint, sender);
  }
  return groups as unknown as LonghaulClient;
}

interface Page {
  readonly data: readonly unknown[];
  readonly page: { readonly next: string | null };
}

function createMethod(endpoint: string, sender: Sender): unknown {
  const call = async (input: AnyInput = {}, options: CallOptions = {}): Promise<unknown> =>
    readAnswer(await send(sender, addressOf(endpoint, input), options));
  async function* pages(input: AnyInput = {}, options: CallOptions = {}): AsyncGenerator<Page> {
    let cursor = input["cursor"];
    do {
      const page = (await call({ ...input, cursor }, options)) as Page;
      yield page;
      cursor = page.page.next;
    } while (cursor !== null);
  }
  async function* each(input?: AnyInput, options?: CallOptions): AsyncGenerator {
    for await (const { data } of pages(input, options)) yield* data;
  }
  return Object.assign(call, { pages, each });
}

/** JSON as what it says, other text as it is, and a stream as the response that it comes in. */
async function readAnswer(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const type = response.headers.get("content-type") ?? "";
  if (/\bjson\b/.test(type)) return response.json();
  return type.startsWith("text/") && !type.startsWith("text/event-stream")
    ? response.text()
    : response;
}
