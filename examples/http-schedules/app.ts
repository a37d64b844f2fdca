/** The application that is called: as it would stand on Vercel, it checks the bearer token. */
import { createServer, type Server } from "node:http";

export interface Call {
  readonly path: string;
  readonly body: string;
}

export function createApp(secret: string, called: (call: Call) => void): Server {
  return createServer((request, response) => {
    const isCron = request.url?.startsWith("/api/cron/") ?? false;
    if (isCron && request.headers.authorization !== `Bearer ${secret}`) {
      response.writeHead(401).end();
      return;
    }
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => (body += text));
    request.on("end", () => {
      called({ path: request.url ?? "", body });
      response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
    });
  });
}
