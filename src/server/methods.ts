/** The method and the path of an endpoint that is written as "METHOD /path". */
export function splitEndpoint(endpoint: string): { method: string; path: string } {
  const [method, path] = endpoint.split(" ") as [string, string];
  return { method, path };
}

/** Finds which methods a path has. */
export function methodFinder(endpoints: readonly string[]): (path: string) => string[] {
  const known = endpoints.map((endpoint) => {
    const { method, path } = splitEndpoint(endpoint);
    const pattern = path.replaceAll(/[.+*?^$()[\]{}|\\]/g, "\\$&").replaceAll(/:\w+/g, "[^/]+");
    return { method, pattern: new RegExp(`^${pattern}$`) };
  });
  return (path) => {
    const methods = new Set(
      known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method),
    );
    if (methods.has("GET")) methods.add("HEAD");
    if (methods.size > 0) methods.add("OPTIONS");
    return [...methods].toSorted();
  };
}
