/**
 * The server in a production build of Next.js, at a path of its own, as an application has it: the package from
 * `node_modules`, a route handler of the app router.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";

const TOKEN = "an-admin-of-this-test";
const FILES: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "app", "private": true, "type": "module" }',
  // The package opens files beside its own; a bundle of it would not find them.
  "next.config.js": 'export default { serverExternalPackages: ["longhaul"] };',
  "app/layout.js": "export default ({ children }) => <html><body>{children}</body></html>;",
  "app/page.js": "export default () => <p>hello</p>;",
  "app/ops/jobs/[[...path]]/route.js": `
    import { createLonghaul } from "longhaul";
    import { createServer } from "longhaul/server";
    import { longhaulNext } from "longhaul/server/next";
    export const dynamic = "force-dynamic";
    export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = longhaulNext(async () => {
      const longhaul = createLonghaul({ url: process.env.STORE });
      await longhaul.start();
      const server = createServer(longhaul, { auth: { adminToken: "${TOKEN}" } });
      return {
        ...server,
        fetch: (request, info) => {
          request.signal.addEventListener("abort", () => console.log("aborted"));
          return server.fetch(request, info);
        },
      };
    });`,
};

const folder = mkdtempSync(join(tmpdir(), "longhaul-next-"));
const env = {
  ...process.env,
  NEXT_TELEMETRY_DISABLED: "1",
  NODE_ENV: "production" as const,
  STORE: `file:${join(folder, "jobs.db")}`,
};
let app: ChildProcess;
let lines: AsyncIterator<string, undefined>;
let baseUrl: string;

/** Runs Next's command line. */
const next = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ["node_modules/next/dist/bin/next", ...args], {
    ...{ cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] },
  });

/** The next line that fits. */
async function lineWith(pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`Next ended before it printed ${pattern}`);
    const found = pattern.exec(value);
    if (found) return found;
  }
}

beforeAll(async () => {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "longhaul"), { recursive: true });
  for (const name of readdirSync("node_modules"))
    if (name !== "longhaul")
      symlinkSync(join(process.cwd(), "node_modules", name), join(modules, name));
  for (const name of ["dist", "package.json"])
    cpSync(name, join(modules, "longhaul", name), { recursive: true });

  const build = next("build", "--webpack");
  let output = "";
  for (const stream of [build.stdout!, build.stderr!])
    stream.on("data", (chunk: Buffer) => (output += String(chunk)));
  const [code] = (await once(build, "close")) as [number];
  if (code !== 0) throw new Error(`next build failed:\n${output}`);

  app = next("start", "--port", "0", "--hostname", "127.0.0.1");
  lines = createInterface({ input: app.stdout! })[Symbol.asyncIterator]();
  const [, url] = await lineWith(/(http:\/\/(?:localhost|127\.0\.0\.1):\d+)/);
  baseUrl = `${url}/ops/jobs`;
}, 300_000);

afterAll(async () => {
  if (app?.exitCode === null) {
    app.kill("SIGTERM");
    await once(app, "close");
  }
  rmSync(folder, { recursive: true, force: true });
});

test("answers below its path, with bodies, and refuses who has no token", async () => {
  const client = createClient({ baseUrl, token: TOKEN });
  expect(await client.system.health()).toEqual({ ok: true });
  const body = { name: "welcome", data: { to: "ada".repeat(10_000) } };
  const { id } = await client.jobs.add({ queue: "mail", body });
  expect(await client.jobs.status({ queue: "mail", jobId: id })).toMatchObject({ data: body.data });
  const { servers } = (await client.system.openapi()) as unknown as { servers: unknown };
  expect(servers).toEqual([{ url: "/ops/jobs/api/v1" }]);
  const stranger = createClient({ baseUrl });
  await expect(stranger.runs.list()).rejects.toMatchObject({ code: "SERVER_UNAUTHENTICATED" });
  await expect(client.runs.get({ runId: "a/b" })).rejects.toMatchObject({ status: 404 });
});

test("streams from the first byte on, and sees that a client has gone", async () => {
  const outgoing = request(`${baseUrl}/api/v1/stream?topics=queue:mail`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  }).end();
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  expect(incoming.headers["content-type"]).toBe("text/event-stream");
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    if (text.includes("snapshot")) break;
  }
  expect(text).toContain("mail");
  outgoing.destroy();
  await lineWith(/aborted/);
});
