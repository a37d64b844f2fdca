/** What is known of a request besides itself. */
export interface RequestInfo {
  /** The peer's address, where the mount knows it. */
  readonly remoteAddress?: string | undefined;
  /** The path below where the server is mounted, where the mount knows it. @default the URL's, without `basePath` */
  readonly path?: string | undefined;
}
