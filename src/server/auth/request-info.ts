/** What is known of a request besides itself. */
export interface RequestInfo {
  /** The peer's address, where the mount knows it. */
  readonly remoteAddress?: string | undefined;
  /** The path below where the server is mounted, where the mount knows it. @default the URL's, without `basePath` */
  readonly path?: string | undefined;
}

/** What the server itself knows of a request. */
export interface RequestContext extends RequestInfo {
  /** Names it in the answer's `x-request-id` and in the audit log. */
  readonly requestId: string;
}
