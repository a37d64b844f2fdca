import type { FunctionDeclaration, FunctionDefinition } from "./definition.ts";
import { TriggerIndex } from "./matching.ts";
import type { FunctionDirectory, PublishedFunctions } from "./store/function-directory.ts";

/** How long a function is known after the last process that executes it has said so, or has gone. */
export const KNOWN_FOR_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * The functions that events may start: those of this process, and those that other processes have published. Of two with
 * the same id this process's counts.
 */
export class KnownFunctions {
  readonly #directory: FunctionDirectory;
  readonly #own: ReadonlyMap<string, FunctionDefinition>;
  #published: PublishedFunctions | undefined;
  #all: ReadonlyMap<string, FunctionDeclaration> = new Map();
  #triggers = new TriggerIndex([]);
  #isStale = true;

  /** @param own changes to it have to be told: {@link KnownFunctions.changed} */
  constructor(directory: FunctionDirectory, own: ReadonlyMap<string, FunctionDefinition>) {
    this.#directory = directory;
    this.#own = own;
  }

  /** Functions of this process were added or replaced. */
  changed(): void {
    this.#isStale = true;
  }

  get(id: string): FunctionDeclaration | undefined {
    return this.#own.get(id) ?? this.#look().get(id);
  }

  /** What finds the functions that an event starts. */
  get triggers(): TriggerIndex {
    this.#look();
    return this.#triggers;
  }

  /** Tells the other processes which functions this one executes. */
  publish(now: number): Promise<void> {
    const functions = [...this.#own.values()];
    return this.#directory.publish({ now, functions, expireBefore: now - KNOWN_FOR_MS });
  }

  #look(): ReadonlyMap<string, FunctionDeclaration> {
    const published = this.#directory.published();
    if (published === this.#published && !this.#isStale) return this.#all;
    this.#published = published;
    this.#isStale = false;
    const all = new Map<string, FunctionDeclaration>();
    for (const declaration of published.functions) all.set(declaration.id, declaration);
    for (const definition of this.#own.values()) all.set(definition.id, definition);
    this.#all = all;
    this.#triggers = new TriggerIndex(all.values());
    return all;
  }
}
