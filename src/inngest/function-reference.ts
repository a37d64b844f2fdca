import type { AnyInngestFunction, InngestFunction } from "./function.ts";
import type { Untyped } from "./types/json.ts";
import type { SchemaInput, SchemaOutput, StandardSchemaV1 } from "../core/standard-schema.ts";
import { LonghaulError } from "../core/errors.ts";

/** A function by its name: of another app, or one that cannot be imported. Made by {@link referenceFunction}. */
export class InngestFunctionReference<TInput = Untyped, TOutput = Untyped> {
  /** Never there: it carries the types. */
  declare readonly types: { readonly input: TInput; readonly output: TOutput };
  readonly functionId: string;
  /** The client's id. @default that of the client whose function invokes */
  readonly appId: string | undefined;

  constructor(options: { functionId: string; appId?: string | undefined }) {
    this.functionId = options.functionId;
    this.appId = options.appId;
  }
}

interface ReferenceOptions<TData, TReturn> {
  readonly functionId: string;
  readonly appId?: string | undefined;
  /** Describe what it takes and gives; only their types matter. */
  readonly schemas?: { readonly data?: TData; readonly return?: TReturn } | undefined;
}

type Given<TSchema> = TSchema extends StandardSchemaV1
  ? { data: SchemaInput<TSchema> }
  : { data?: Untyped };
type Returned<TSchema> = TSchema extends StandardSchemaV1 ? SchemaOutput<TSchema> : Untyped;

/**
 * Refers to a function by its id, for `step.invoke`.
 *
 * @example
 * const resize = referenceFunction<typeof resizeImage>({ functionId: "resize-image", appId: "images" });
 */
export function referenceFunction<TFunction extends AnyInngestFunction>(options: {
  readonly functionId: string;
  readonly appId?: string | undefined;
}): TFunction extends InngestFunction<infer TInput, infer TOutput>
  ? InngestFunctionReference<TInput, TOutput>
  : never;
export function referenceFunction<TData = undefined, TReturn = undefined>(
  options: ReferenceOptions<TData, TReturn>,
): InngestFunctionReference<Given<TData>, Returned<TReturn>>;
export function referenceFunction(
  options: ReferenceOptions<unknown, unknown>,
): InngestFunctionReference {
  if (typeof options.functionId !== "string" || options.functionId === "")
    throw new LonghaulError("INNGEST_BAD_FUNCTION", {
      function: "that is referred to",
      reason: "functionId is a string",
    });
  return new InngestFunctionReference(options);
}
