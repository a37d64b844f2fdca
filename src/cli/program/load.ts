import { fileURLToPath, pathToFileURL } from "node:url";
import { LonghaulError } from "../../core/errors.ts";
import { realSetTimeout } from "../../core/real-timers.ts";
import type { LoadedModule } from "./collect.ts";

/** How long messages of another thread may take. */
const MESSAGES_MS = 50;

/**
 * Imports files, TypeScript too.
 *
 * @param onFile is told of every file of the program that is loaded on the way; packages are not
 * @throws {LonghaulError} CLI_BAD_FILE, with what the file threw as its cause
 */
export async function loadFiles(
  files: readonly string[],
  onFile: (file: string) => void = () => {},
): Promise<LoadedModule[]> {
  // Commands that load nothing start faster without it.
  const { register } = await import("tsx/esm/api");
  register({
    onImport: (url) => {
      if (url.startsWith("file:") && !url.includes("/node_modules/"))
        onFile(fileURLToPath(url.replace(/[?#].*$/, "")));
    },
  });
  const modules: LoadedModule[] = [];
  for (const file of files) {
    onFile(file);
    try {
      const exports = (await import(pathToFileURL(file).href)) as LoadedModule["exports"];
      modules.push({ file, exports: withoutWrapper(exports) });
    } catch (error) {
      // The loader's thread tells of files by messages, and the last ones matter: one of them is broken.
      await new Promise((resolve) => realSetTimeout(resolve, MESSAGES_MS));
      const reason = error instanceof Error ? error.message : String(error);
      throw new LonghaulError("CLI_BAD_FILE", { file, reason }, { cause: error });
    }
  }
  return modules;
}

/** A CommonJS module has its exports in `default` too. */
function withoutWrapper(exports: LoadedModule["exports"]): LoadedModule["exports"] {
  const { default: inner } = exports;
  const isWrapper = typeof inner === "object" && inner !== null && "__esModule" in inner;
  return isWrapper ? { ...exports, ...(inner as LoadedModule["exports"]), __esModule: 0 } : exports;
}
