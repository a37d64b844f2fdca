/**
 * BullMQ's Worker refuses a missing `connection` in its constructor, before it asks any backend. No
 * setting and no prototype reaches that check, so the export is replaced by a subclass that fills
 * the connection in. For `import { Worker } from "bullmq"` that works if this module is loaded
 * first, because Node copies the exports of a CommonJS package when it is first imported; so this
 * module must not import "bullmq" itself.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as bullmq from "bullmq";

const require = createRequire(import.meta.url);

const exports = loadWorkerModule();
if (exports !== undefined) exports.Worker = withOptionalConnection(exports.Worker);

function withOptionalConnection(Original: typeof bullmq.Worker): typeof bullmq.Worker {
  class Worker extends Original {
    constructor(name: string, processor: never, opts?: bullmq.WorkerOptions, factory?: undefined) {
      super(name, processor, { ...opts, connection: opts?.connection ?? {} }, factory);
    }
  }
  return Worker as unknown as typeof bullmq.Worker;
}

/** Undefined where BullMQ's files are not where they are in its package: bundled, or another version. */
function loadWorkerModule(): { Worker: typeof bullmq.Worker } | undefined {
  try {
    return require(join(dirname(require.resolve("bullmq")), "classes", "worker.js"));
  } catch {
    return undefined;
  }
}
