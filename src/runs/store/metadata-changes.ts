import { isDeepStrictEqual } from "node:util";
import type { MetadataChange } from "./metadata-store.ts";

type Json = Record<string, unknown> | unknown[];

/** Names that would reach into the prototypes of all objects. */
const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);
/** Longer lists are not made by setting an index: a hole costs memory. */
const MAX_INDEX = 10_000;

/** Applies changes to metadata, in order. The object that is given is changed, unless it is replaced. */
export function changeMetadata(
  metadata: Record<string, unknown>,
  changes: readonly MetadataChange[],
): Record<string, unknown> {
  let result = metadata;
  for (const change of changes) {
    if (change.type === "replace") result = structuredClone({ ...change.value });
    else applyAt(result, readPath(change.key), change);
  }
  return result;
}

/** The parts of a key: itself, or what follows `$.` at dots and brackets. */
function readPath(key: string): readonly (string | number)[] {
  if (!key.startsWith("$.")) return [key];
  const parts = key.slice(2).match(/[^.[\]]+|\[\d+\]/g) ?? [];
  return parts.map((part) => (part.startsWith("[") ? Number(part.slice(1, -1)) : part));
}

type Change = Exclude<MetadataChange, { readonly type: "replace" }>;

function applyAt(root: Json, path: readonly (string | number)[], change: Change): void {
  const last = path.at(-1);
  if (last === undefined || path.some((part) => FORBIDDEN.has(String(part)))) return;
  const isMaking = change.type !== "delete" && change.type !== "remove";
  let holder: unknown = root;
  for (const [index, part] of path.slice(0, -1).entries()) {
    if (!isJson(holder)) return;
    let next = read(holder, part);
    if (next === undefined && isMaking) {
      next = typeof path[index + 1] === "number" ? [] : {};
      write(holder, part, next);
    }
    holder = next;
  }
  if (!isJson(holder)) return;
  const value = read(holder, last);
  if (change.type === "delete") remove(holder, last);
  else {
    const changed = changeValue(value, change);
    if (changed !== undefined) write(holder, last, changed);
  }
}

/** @returns undefined if nothing changes */
function changeValue(value: unknown, change: Change): unknown {
  switch (change.type) {
    case "set":
      return change.value;
    case "append":
      if (value === undefined) return [change.value];
      return Array.isArray(value) ? [...(value as unknown[]), change.value] : [value, change.value];
    case "remove":
      if (!Array.isArray(value)) return undefined;
      return value.filter((item) => !isDeepStrictEqual(item, change.value));
    case "increment": {
      const sum = typeof value === "number" ? value + change.value : change.value;
      const fits = value === undefined || typeof value === "number";
      return fits && Number.isFinite(sum) ? sum : undefined;
    }
    default:
      return undefined;
  }
}

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;

const read = (holder: Json, part: string | number): unknown =>
  Object.hasOwn(holder, part) ? (holder as Record<string | number, unknown>)[part] : undefined;

function write(holder: Json, part: string | number, value: unknown): void {
  if (Array.isArray(holder) && !(typeof part === "number" && part <= MAX_INDEX)) return;
  (holder as Record<string | number, unknown>)[part] = value;
}

function remove(holder: Json, part: string | number): void {
  if (!Array.isArray(holder)) delete holder[part];
  else if (typeof part === "number") holder.splice(part, 1);
}
