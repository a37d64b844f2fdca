import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { createLonghaul } from "longhaul";
import { createServer, type LonghaulServer } from "longhaul/server";
import { createTasks } from "./tasks.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/**
 * The page and the API behind it, as one handler. It executes nothing: that is what the worker is for.
 *
 * @param url of the store
 * @param pageFolder where the page was built to
 */
export function createApp(url: string, pageFolder: string): LonghaulServer {
  const longhaul = createLonghaul({ url });
  const tasks = createTasks(url, false);
  const server = createServer(longhaul, {
    manager: tasks,
    // Everybody may start this task, and follow, pause and abort what he has started himself. A real application says
    // here who is logged in.
    auth: {
      authorize: () => ({ name: "visitor", scopes: ["trigger:task:scrape-reviews"] }),
    },
  });
  return {
    fetch: (request, info) =>
      new URL(request.url).pathname.startsWith("/api/")
        ? server.fetch(request, info)
        : serveFile(pageFolder, new URL(request.url).pathname),
    close: async () => {
      await server.close();
      await tasks.close();
      await longhaul.close();
    },
  };
}

async function serveFile(folder: string, path: string): Promise<Response> {
  // The URL has resolved its dots; normalize() is for those that were encoded.
  const name = normalize(decodeURIComponent(path === "/" ? "/index.html" : path));
  try {
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    return new Response(await readFile(join(folder, name)), { headers: { "content-type": type } });
  } catch {
    return new Response("not here", { status: 404 });
  }
}
