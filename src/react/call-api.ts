import { apiUrlOf } from "../client/live/live-client.ts";
import type { TokenSource } from "../client/live/token-source.ts";
import { problemOf } from "../client/live/wire.ts";

/** A request that the server refused, with the `code` of its problem document. */
export class ApiError extends Error {
  override readonly name = "LonghaulApiError";
  /** As in the catalogue of errors, or `HTTP_<status>` for an answer that is none of Longhaul's. */
  readonly code: string;

  constructor({ code, detail }: { readonly code: string; readonly detail: string }) {
    super(detail);
    this.code = code;
  }
}

/** Calls a route of the API. A token that is no longer taken is asked for again, once. */
export async function callApi<Answer>(
  { baseUrl = "", token }: { readonly baseUrl?: string | undefined; readonly token: TokenSource },
  method: "POST" | "GET",
  path: string,
  body?: unknown,
): Promise<Answer> {
  for (let isRetry = false; ; isRetry = true) {
    const bearer = await token.get();
    const response = await fetch(`${apiUrlOf(baseUrl)}${path}`, {
      method,
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (response.ok) return (await response.json()) as Answer;
    if (response.status === 401) token.forget();
    if (response.status !== 401 || isRetry || !token.canRefresh)
      throw new ApiError(await problemOf(response));
  }
}
