import { LonghaulError } from "../core/errors.ts";
import type { FunctionDefinition } from "../runs/definition.ts";
import { attach, type Attachable, isAttachable, type RunHost } from "../runs/hosting.ts";

/** A function: an idiom's object (`inngest.createFunction(…)`), or a definition for the engine itself. */
export type FunctionSource = Attachable | FunctionDefinition;

/** Functions that are attached to a host. */
export interface HostedFunctions {
  /** The ids that a function has in the store: its own first, then what belongs to it. Empty if it is not attached. */
  idsOf(source: FunctionSource): readonly string[];
  /** All ids. */
  readonly ids: readonly string[];
  /** Unbinds the functions from the host. */
  detach(): void;
}

/**
 * Gives functions to an engine.
 *
 * @param change what becomes of each definition on the way; tests replace steps
 * @throws {LonghaulError} RUNTIME_BAD_FUNCTION, RUNTIME_DUPLICATE_FUNCTION
 */
export function attachFunctions(
  host: RunHost,
  sources: readonly FunctionSource[],
  change: (definition: FunctionDefinition) => FunctionDefinition = (definition) => definition,
): HostedFunctions {
  const idsOf = new Map<FunctionSource, readonly string[]>();
  const taken = new Set<string>();
  const detachers: (() => void)[] = [];
  const detach = (): void => {
    for (const detachOne of detachers.splice(0)) detachOne();
  };
  try {
    for (const source of sources) {
      const definitions: FunctionDefinition[] = [];
      const register: RunHost["register"] = (added) => {
        for (const definition of added) {
          if (taken.has(definition.id) && !definitions.some(({ id }) => id === definition.id))
            throw new LonghaulError("RUNTIME_DUPLICATE_FUNCTION", { function: definition.id });
          taken.add(definition.id);
          definitions.push(definition);
        }
        host.register(added.map(change));
      };
      if (isAttachable(source)) detachers.push(source[attach](withRegister(host, register)));
      else if (isDefinition(source)) register([source]);
      else throw new LonghaulError("RUNTIME_BAD_FUNCTION", { found: describe(source) });
      idsOf.set(
        source,
        definitions.map(({ id }) => id),
      );
    }
  } catch (error) {
    detach();
    throw error;
  }
  return {
    idsOf: (source) => idsOf.get(source) ?? [],
    ids: [...taken],
    detach,
  };
}

/** The same host, but for one method. */
function withRegister(host: RunHost, register: RunHost["register"]): RunHost {
  return new Proxy(host, {
    get(target, name) {
      if (name === "register") return register;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function isDefinition(source: unknown): source is FunctionDefinition {
  return (
    typeof source === "object" &&
    source !== null &&
    "handler" in source &&
    typeof source.handler === "function" &&
    "triggers" in source
  );
}

const describe = (source: unknown): string =>
  typeof source === "object" && source !== null
    ? `an object with ${Object.keys(source).slice(0, 5).join(", ") || "no properties"}`
    : String(source);
