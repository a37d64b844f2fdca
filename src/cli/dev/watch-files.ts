import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CODE } from "../program/find-files.ts";

/** An editor writes a file in several steps, and a branch is many files. */
const SETTLE_MS = 100;

/** Tells when any of some files changes. */
export class FileWatch {
  readonly #files = new Set<string>();
  readonly #whole = new Set<string>();
  readonly #folders = new Map<string, FSWatcher>();
  readonly #onChange: (file: string) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onChange: (file: string) => void) {
    this.#onChange = onChange;
  }

  add(file: string): void {
    this.#files.add(file);
    this.#watch(dirname(file));
  }

  /** All code in it, also files that are yet to come. */
  addFolder(folder: string): void {
    this.#whole.add(folder);
    this.#watch(folder);
  }

  #watch(folder: string): void {
    if (this.#folders.has(folder)) return;
    // The folder, not the file: editors put a new file in the place of the old one.
    const watcher = watch(folder, (_, name) => {
      if (name !== null) this.#changed(join(folder, basename(name)));
    });
    watcher.on("error", () => this.#folders.delete(folder));
    this.#folders.set(folder, watcher);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
  }

  #changed(file: string): void {
    const isNew = this.#whole.has(dirname(file)) && CODE.test(file);
    if (!isNew && !this.#files.has(file)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onChange(file), SETTLE_MS);
  }
}
