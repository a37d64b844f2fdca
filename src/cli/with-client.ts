import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { createClient, type LonghaulClient } from "../client/create-client.ts";
import { LonghaulError } from "../core/errors.ts";
import { createLonghaul } from "../runtime/longhaul.ts";
import { createServer } from "../server/create-server.ts";
import { MEMORY_PATH, parseStoreUrl } from "../storage/url.ts";
import { usage, type Values } from "./values.ts";

/**
 * Does something with the API of the server that `--server` names, else with one of our own on the store of `--url`:
 * commands do the same to both.
 *
 * @param options.mayCreate whether a store that is not there is made
 * @throws {LonghaulError} CLI_NO_STORE, CLI_BAD_USAGE, CLI_REMOTE_FAILED; what opening the store throws; {ApiError}
 */
export async function withClient<T>(
  values: Values,
  work: (client: LonghaulClient) => Promise<T>,
  { mayCreate = false }: { mayCreate?: boolean } = {},
): Promise<T> {
  const server = values.text("server");
  if (server !== undefined) return work(remoteClient(server, values));
  const longhaul = createLonghaul({ url: storeUrl(values, mayCreate), migrate: mayCreate });
  try {
    const { fetch, close } = createServer(longhaul, { auth: { authorize: () => operator() } });
    try {
      const client = createClient({
        baseUrl: "http://localhost",
        retries: 0,
        fetch: (url, init) => fetch(new Request(url, init)),
      });
      return await work(client);
    } finally {
      await close();
    }
  } finally {
    await longhaul.close();
  }
}

/**
 * The URL of the store.
 *
 * @throws {LonghaulError} CLI_NO_STORE if it is not there and must be; CLI_BAD_USAGE, STORE_BAD_URL
 */
export function storeUrl(values: Values, mayCreate: boolean): string {
  const parsed = parseStoreUrl(values.text("url"));
  if (parsed.kind !== "sqlite" || parsed.path === MEMORY_PATH)
    throw usage("The store of the command line is a file: give --url file:path");
  if (!mayCreate && !existsSync(parsed.path))
    throw new LonghaulError("CLI_NO_STORE", { path: parsed.path });
  return `file:${parsed.path}`;
}

function remoteClient(server: string, values: Values): LonghaulClient {
  if (!URL.canParse(server)) throw usage(`--server is no URL: ${server}`);
  return createClient({
    baseUrl: server,
    token: values.text("token") ?? (process.env["LONGHAUL_TOKEN"] || undefined),
    // People see what is wrong at once, and scripts have their own loops.
    retries: 0,
    fetch: async (url, init) => {
      try {
        return await fetch(url, init);
      } catch (error) {
        if (init?.signal?.aborted) throw error;
        const { cause } = error as Error;
        const reason = (cause as Error | undefined)?.message || (error as Error).message;
        throw new LonghaulError("CLI_REMOTE_FAILED", { server, reason }, { cause: error });
      }
    },
  });
}

/** Whoever can write the file is an admin. The audit log has the name of the account. */
function operator() {
  return { name: `command line (${accountName()})`, role: "admin" } as const;
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return String(process.getuid?.() ?? "unknown");
  }
}
