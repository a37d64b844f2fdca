import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { OpenApiDocument } from "../../src/server/openapi/document.ts";

const text = { type: "string", minLength: 1 };
const schema = { type: "object", not: { required: ["$schema"] } };
const content = {
  type: "object",
  minProperties: 1,
  additionalProperties: { type: "object", properties: { schema }, additionalProperties: false },
};
const reference = (kind: string) => ({
  type: "object",
  properties: { $ref: { type: "string", pattern: `^#/components/${kind}/[A-Za-z0-9._-]+$` } },
  required: ["$ref"],
  additionalProperties: false,
});
const response = {
  type: "object",
  properties: { description: text, content },
  required: ["description"],
  additionalProperties: false,
};
const parameter = {
  type: "object",
  properties: {
    name: text,
    in: { enum: ["path", "query", "header"] },
    description: text,
    required: { type: "boolean" },
    schema,
  },
  required: ["name", "in", "schema"],
  additionalProperties: false,
  anyOf: [
    { properties: { in: { enum: ["query", "header"] } } },
    { properties: { required: { const: true } }, required: ["required"] },
  ],
};
const operation = {
  type: "object",
  properties: {
    operationId: text,
    summary: text,
    description: text,
    tags: { type: "array", items: text },
    security: { type: "array", items: { type: "object", additionalProperties: { type: "array" } } },
    parameters: { type: "array", items: { anyOf: [reference("parameters"), parameter] } },
    requestBody: {
      type: "object",
      properties: { required: { type: "boolean" }, content },
      required: ["content"],
      additionalProperties: false,
    },
    responses: {
      type: "object",
      minProperties: 1,
      patternProperties: {
        "^([1-5]\\d\\d|default)$": { anyOf: [reference("responses"), response] },
      },
      additionalProperties: false,
    },
  },
  required: ["operationId", "summary", "responses"],
  patternProperties: { "^x-": true },
  additionalProperties: false,
};

/** What of OpenAPI 3.1 the document uses, and nothing else. */
export const documentSchema = {
  type: "object",
  properties: {
    openapi: { const: "3.1.0" },
    info: {
      type: "object",
      properties: { title: text, version: text, description: text },
      required: ["title", "version"],
      additionalProperties: false,
    },
    servers: { type: "array", items: { type: "object", required: ["url"] } },
    tags: { type: "array", items: { type: "object", required: ["name"] } },
    paths: {
      type: "object",
      patternProperties: {
        "^/": {
          type: "object",
          propertyNames: { enum: ["get", "put", "post", "patch", "delete"] },
          additionalProperties: operation,
        },
      },
      additionalProperties: false,
    },
    components: {
      type: "object",
      properties: {
        schemas: {
          type: "object",
          propertyNames: { pattern: "^[A-Za-z0-9._-]+$" },
          additionalProperties: schema,
        },
        parameters: { type: "object", additionalProperties: parameter },
        responses: { type: "object", additionalProperties: response },
        securitySchemes: {
          type: "object",
          additionalProperties: { type: "object", required: ["type"] },
        },
      },
      additionalProperties: false,
    },
  },
  required: ["openapi", "info", "paths"],
  additionalProperties: false,
};

/** Validators of a document's schemas. */
export class DocumentSchemas {
  readonly #ajv: Ajv2020;

  constructor(document: OpenApiDocument) {
    this.#ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
    // ajv-formats is CommonJS: its types know no default import of a class.
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addVocabulary(Object.keys(document));
    this.#ajv.addSchema({ ...document, $id: "api" });
  }

  /** @param pointer to a schema in the document, such as `/components/schemas/Problem` */
  at(pointer: string): ValidateFunction {
    return this.#ajv.compile({ $ref: `api#${pointer}` });
  }
}

/** A JSON pointer as a URI fragment. */
export const pointerTo = (...parts: readonly string[]): string =>
  parts
    .map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`)
    .join("");
