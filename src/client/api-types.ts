import type { z } from "zod";
import type { Route } from "../server/route.ts";
import type { routes } from "../server/routes/index.ts";
import type { EndpointId } from "./endpoints/index.ts";
import type { CallOptions } from "./request.ts";

/** The client's types come from the server's routes; nothing of them is left once compiled. */
type AnyRoute = (typeof routes)[number];
type RouteOf<Id extends EndpointId> = Extract<AnyRoute, { readonly id: Id }>;

type Flat<T> = { [Key in keyof T]: T[Key] };
/** A route without a schema for it has a record of nothing. */
type Fields<T> = string extends keyof T ? unknown : T;

/** What is sent as text may be given as text or as what the server makes of it, such as a list of states. */
type QueryFields<In, Out> = {
  [Key in keyof In]: unknown extends In[Key]
    ? Key extends keyof Out
      ? Out[Key]
      : never
    : In[Key] | (Key extends keyof Out ? Out[Key] : never);
};
type BodyField<Body, Parsed> = [Parsed] extends [undefined]
  ? unknown
  : undefined extends Body
    ? { readonly body?: Body }
    : { readonly body: Body };

type InputOf<R> =
  R extends Route<EndpointId, infer Params, infer Query, infer Body>
    ? Flat<
        Fields<z.input<Params>> &
          Fields<QueryFields<z.input<Query>, z.output<Query>>> &
          BodyField<z.input<Body>, z.output<Body>>
      >
    : never;
type AnswerOf<R> =
  R extends Route<EndpointId, z.ZodType, z.ZodType, z.ZodType, infer Answer>
    ? z.output<Answer>
    : never;

/** What the method of an endpoint takes: parts of the path, the query, and `body`. */
export type ApiInput<Id extends EndpointId> = InputOf<RouteOf<Id>>;
/** What it resolves with. */
export type ApiAnswer<Id extends EndpointId> = AnswerOf<RouteOf<Id>>;

type Arguments<Input> =
  Partial<Input> extends Input
    ? [input?: Input, options?: CallOptions]
    : [input: Input, options?: CallOptions];

/** Lists can be walked through. */
type Walks<Input, Answer> = Answer extends {
  readonly data: readonly (infer Row)[];
  readonly page: unknown;
}
  ? {
      /** Page after page, from `cursor` on. */
      pages(...args: Arguments<Input>): AsyncGenerator<Answer, void, void>;
      /** Row after row of all pages. */
      each(...args: Arguments<Input>): AsyncGenerator<Row, void, void>;
    }
  : unknown;

/** A method of the client. */
export type ApiMethod<Id extends EndpointId> = ((
  ...args: Arguments<ApiInput<Id>>
) => Promise<ApiAnswer<Id>>) &
  Walks<ApiInput<Id>, ApiAnswer<Id>>;

type GroupOf<Id extends string> = Id extends `${infer Group}.${string}` ? Group : never;

/** Every endpoint, as `<group>.<name>`. */
export type ApiMethods = {
  readonly [Group in GroupOf<EndpointId>]: {
    readonly [
      Id in Extract<EndpointId, `${Group}.${string}`> as Id extends `${Group}.${infer Name}`
        ? Name
        : never
    ]: ApiMethod<Id>;
  };
};
