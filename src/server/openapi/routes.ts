import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type Route, route } from "../route.ts";
import { renderDocs } from "./docs-page.ts";
import { buildDocument } from "./document.ts";

const openapi = route({
  id: "system.openapi",
  summary: "This document: OpenAPI 3.1",
  role: "viewer",
  answer: z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) }),
  handler: ({ host, request }) => ({ ...buildDocument(host.routes, { url: addressOf(request) }) }),
});

const docs = route({
  id: "system.docs",
  summary: "The same for people: a page without scripts",
  role: "viewer",
  contentType: "text/html",
  answer: z.string(),
  handler: ({ host, request }) => {
    const nonce = randomBytes(16).toString("base64");
    const page = renderDocs(buildDocument(host.routes, { url: addressOf(request) }), nonce);
    return new Response(page, {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      },
    });
  },
});

/** What the API is like. It is no secret, but tells strangers what runs here. */
export const docsRoutes = [openapi, docs] as const;

/** The same routes, but everybody may read what they are like. */
export const withPublicDocs = (routes: readonly Route[]): Route[] =>
  routes.map((one) =>
    docsRoutes.some(({ id }) => id === one.id)
      ? Object.assign({ ...one }, { role: "none" as const })
      : one,
  );

/** The address of the API, as whoever asks sees it: the mount may have put it anywhere. */
const addressOf = (request: Request): string =>
  new URL(request.url).pathname.replace(/\/(openapi\.json|docs)$/, "");
