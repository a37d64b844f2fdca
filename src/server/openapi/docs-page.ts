import type { OpenApiDocument, Operation } from "./document.ts";
import type { JsonSchema } from "./schemas.ts";

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c2024; background: #fff; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d9dce0; text-transform: capitalize; }
summary { cursor: pointer; padding: .3rem 0; }
summary code { font-size: .95em; }
.method { display: inline-block; width: 4.5em; font-weight: 600; }
.role { color: #60646c; float: right; font-size: .85em; }
pre { background: #f4f5f7; padding: .8rem; overflow-x: auto; border-radius: 4px; font-size: .85em; }
dt { font-family: ui-monospace, monospace; }
@media (prefers-color-scheme: dark) {
  body { color: #edeef0; background: #111315; } pre { background: #1d2023; } h2 { border-color: #363a3f; }
}`;

/** The document as a page: no scripts, and nothing from elsewhere. */
export function renderDocs(document: OpenApiDocument, nonce: string): string {
  const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = document.tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<h2>${escape(name)}</h2>${own.map(renderOperation).join("\n")}`;
  });
  const base = document.servers[0]?.url ?? "";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Longhaul API</title><style nonce="${nonce}">${STYLE}</style></head><body>
<h1>Longhaul API</h1>
<p>Below <code>${escape(base)}</code>. Send <code>Authorization: Bearer</code> with a token.
The same for programs: <a href="openapi.json">openapi.json</a>.</p>
${groups.join("\n")}
</body></html>
`;
}

function renderOperation({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: Operation;
}): string {
  const { operationId, summary, description } = operation;
  const role = operation["x-longhaul-role"];
  const needs = role === "none" ? "no token" : role;
  const parts = [
    `<p>${escape(operationId)}${description === undefined ? "" : `: ${escape(description)}`}</p>`,
    ...operation.parameters.flatMap(renderParameter),
    renderSchema("Body", contentOf(operation.requestBody)),
    ...Object.entries(operation.responses).map(([status, response]) =>
      renderSchema(`Answer ${status}`, contentOf(response)),
    ),
  ];
  return `<details id="${escape(operationId)}"><summary><code><span class="method">${method.toUpperCase()}</span>${escape(path)}</code> ${escape(summary)} <span class="role">${needs}</span></summary>${parts.join("")}</details>`;
}

function renderParameter(parameter: object): string[] {
  const { name, in: place, required, schema } = parameter as Record<string, unknown>;
  if (typeof name !== "string") return [];
  const must = required === true ? ", required" : "";
  return [
    `<dl><dt>${escape(name)}</dt><dd>${escape(String(place))}${must} <code>${escape(JSON.stringify(schema))}</code></dd></dl>`,
  ];
}

function renderSchema(title: string, schema: JsonSchema | undefined): string {
  if (schema === undefined) return "";
  return `<h4>${escape(title)}</h4><pre>${escape(JSON.stringify(schema, undefined, 2))}</pre>`;
}

function contentOf(holder: object | undefined): JsonSchema | undefined {
  const { content } = (holder ?? {}) as { content?: Record<string, { schema?: JsonSchema }> };
  return Object.values(content ?? {})[0]?.schema;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char]!);
