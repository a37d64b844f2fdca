import type { Inngest } from "../client.ts";
import type { AnyInngestFunction } from "../function.ts";
import { chain, isPromise } from "../maybe.ts";
import type { MaybePromise } from "../types/json.ts";
import type { MiddlewareInput, MiddlewareList } from "../types/middleware.ts";
import type { MiddlewareRegisterReturn } from "./legacy-middleware.ts";
import type { Class } from "./middleware.ts";

/** Middleware of either form, ready to be used. */
export type Registered =
  | { readonly kind: "class"; readonly class: Class }
  | { readonly kind: "legacy"; readonly hooks: MiddlewareRegisterReturn };

/** Middleware of a client or function that may still be initializing. */
export class MiddlewareRegistry {
  #registered: MaybePromise<readonly Registered[]>;

  constructor(list: MiddlewareList, about: { client: Inngest.Any; fn?: AnyInngestFunction }) {
    this.#registered = register(list, about);
    if (isPromise(this.#registered))
      this.#registered.then(
        (registered) => (this.#registered = registered),
        // Whoever uses the middleware gets the error.
        () => {},
      );
  }

  /** The middleware: at once when all of it is initialized. */
  get list(): MaybePromise<readonly Registered[]> {
    return this.#registered;
  }
}

/** Calls `init` of each in order, each once the one before is done. */
function register(
  list: MiddlewareList,
  about: { client: Inngest.Any; fn?: AnyInngestFunction },
): MaybePromise<readonly Registered[]> {
  let registered: MaybePromise<readonly Registered[]> = [];
  for (const middleware of list)
    registered = chain(registered, (before) =>
      chain(registerOne(middleware, about), (one) => [...before, one]),
    );
  return registered;
}

function registerOne(
  middleware: MiddlewareInput,
  about: { client: Inngest.Any; fn?: AnyInngestFunction },
): MaybePromise<Registered> {
  if (typeof middleware === "function")
    // A class of another package keeps to the same hooks.
    return { kind: "class", class: middleware as Class };
  const hooks = middleware.init(about) as MaybePromise<MiddlewareRegisterReturn>;
  return chain(hooks, (hooks) => ({ kind: "legacy", hooks }));
}
