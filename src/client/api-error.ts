/** Where in a request something is wrong. */
export interface ApiErrorPlace {
  /** A JSON pointer as a fragment: `#/name` is in the body, `#/query/limit` and `#/path/queue` are not. */
  readonly pointer: string;
  readonly detail: string;
}

/** What an {@link ApiError} is made of: a problem document (RFC 9457), as far as the answer was one. */
export interface ApiProblem {
  readonly status: number;
  /** @default `HTTP_<status>`, when something between here and the server answered */
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly errors?: readonly ApiErrorPlace[] | undefined;
}

/** The server answered, and what was asked for was not done. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  /** For programs: that of the error in docs/errors.md, such as "SERVER_NOT_FOUND". */
  readonly code: string;
  /** What to do about it, for people. */
  readonly hint: string | undefined;
  /** Every place of the request that is wrong. */
  readonly errors: readonly ApiErrorPlace[];
  /** Names the request in the server's logs. */
  readonly requestId: string | undefined;

  constructor({ status, code, detail, hint, errors }: ApiProblem, requestId?: string) {
    super(detail ?? `The server answered with status ${status}`);
    this.status = status;
    this.code = code ?? `HTTP_${status}`;
    this.hint = hint;
    this.errors = errors ?? [];
    this.requestId = requestId;
  }

  /** Reads it from an answer, whatever that is. */
  static async from(response: Response): Promise<ApiError> {
    const problem = (await response.json().catch(() => undefined)) as Partial<ApiProblem> | null;
    const requestId = response.headers.get("x-request-id") ?? undefined;
    return new ApiError({ ...problem, status: response.status }, requestId);
  }
}
