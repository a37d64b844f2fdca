import type { FunctionDeclaration } from "../definition.ts";

/** Functions that processes of this store execute, or did until lately. */
export interface PublishedFunctions {
  /** Differs whenever the functions do. */
  readonly revision: number;
  readonly functions: readonly FunctionDeclaration[];
}

/**
 * Where processes that execute functions say which, so that an event starts them whoever sends it: a web server that
 * executes nothing, or the command line.
 */
export interface FunctionDirectory {
  /**
   * Makes functions known to all processes, or keeps them known, without what is no JSON: their code. Those that nobody
   * has published since `expireBefore` go.
   */
  publish(params: {
    readonly now: number;
    readonly functions: readonly FunctionDeclaration[];
    readonly expireBefore: number;
  }): Promise<void>;
  /** What is known at this moment. Synchronous, and cheap while nothing has changed. */
  published(): PublishedFunctions;
}
