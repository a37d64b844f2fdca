import { LonghaulError } from "../../core/errors.ts";
import type { LonghaulServer } from "../../server/create-server.ts";
import { type ServedServer, serve } from "../../server/mounts/node.ts";
import type { OptionSpec } from "../command.ts";
import type { Values } from "../values.ts";

export const DEFAULT_PORT = 4400;
/** How many ports are tried, where any will do. */
const TRIES = 100;

/** What commands that listen take. */
export const LISTEN_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  port: { kind: "port", value: "<port>", help: `Where to listen (default: ${DEFAULT_PORT})` },
  host: {
    ...{ kind: "text", value: "<host>" },
    help: "The address to listen at; 0.0.0.0 for all (default: 127.0.0.1)",
  },
};

/**
 * Listens where the options say.
 *
 * @param options.before the port of the process before this one, whose place it takes
 * @param options.mayMove whether the next free port is taken, if none was given and the default one is not free
 * @throws {LonghaulError} CLI_NO_ADDRESS
 */
export async function listen(
  server: LonghaulServer,
  values: Values,
  { mayMove = false, before }: { mayMove?: boolean; before?: number | undefined } = {},
): Promise<ServedServer> {
  const given = values.number("port");
  const host = values.text("host") ?? "127.0.0.1";
  const first = before ?? given ?? DEFAULT_PORT;
  const last = mayMove && given === undefined ? first + TRIES : first;
  for (let port = first; ; port++) {
    try {
      return await serve(server, { port, host });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && port < last) continue;
      const reason = code === "EADDRINUSE" ? "something else listens there" : message;
      const address = `${host}:${port}`;
      throw new LonghaulError("CLI_NO_ADDRESS", { address, reason }, { cause: error });
    }
  }
}
