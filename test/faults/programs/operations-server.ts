/** A server on a store, which works on bulk operations in the background. */
import { createLonghaul } from "../../../src/index.ts";
import { createServer } from "../../../src/server/index.ts";
import { obey, setting } from "./program.ts";

const { connection } = setting<{ connection: string }>();
const longhaul = createLonghaul({ url: connection });
const server = createServer(longhaul, {
  auth: { authorize: () => ({ name: "ada", role: "admin" }) },
});
obey({
  /** Asks the API. */
  async ask({ method, path, body }) {
    const answer = await server.fetch(
      new Request(`http://localhost/api/v1${path as string}`, {
        method: method as string,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      }),
    );
    return { status: answer.status, body: await answer.json() };
  },
  async close() {
    await server.close();
    await longhaul.close();
    process.disconnect();
  },
});
