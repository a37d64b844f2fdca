import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";

/** What can be in the ledger. */
export interface Entries {
  /** Money was taken for an order. */
  readonly payments: {
    readonly transactionId: string;
    readonly amount: number;
    readonly at: string;
  };
  /** The customer of an order was told. */
  readonly notifications: { readonly userId: string; readonly at: string };
  /** The sample orders were added. */
  readonly samples: { readonly at: string };
}

/**
 * The memory of what must not happen twice: one small file for each fact, such as
 * `payments/1001.json`. It stands in for a payment provider that takes an idempotency key.
 *
 * A fact is written to a draft, synced, and then linked to its name. Linking fails if the name is
 * taken, so of two handlers, in two processes, before and after a crash, one alone writes it, and a
 * file that has its name is complete.
 */
export class Ledger {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The fact, if it is known. */
  async find<Kind extends keyof Entries>(
    kind: Kind,
    id: string,
  ): Promise<Entries[Kind] | undefined> {
    try {
      return JSON.parse(await readFile(this.#pathOf(kind, id), "utf8")) as Entries[Kind];
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Records the fact unless it is known already, and returns the one that counts. */
  async once<Kind extends keyof Entries>(
    kind: Kind,
    id: string,
    entry: Entries[Kind],
  ): Promise<Entries[Kind]> {
    const folder = join(this.#folder, kind);
    const draft = join(folder, `.${id}-${randomUUID()}`);
    await mkdir(folder, { recursive: true });
    await writeSynced(draft, JSON.stringify(entry));
    try {
      await link(draft, this.#pathOf(kind, id));
      await syncFolder(folder);
      return entry;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      return (await this.find(kind, id)) ?? entry;
    } finally {
      await unlink(draft);
    }
  }

  #pathOf(kind: keyof Entries, id: string): string {
    return join(this.#folder, kind, `${id}.json`);
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new name survives a power cut only once its folder is synced. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}
