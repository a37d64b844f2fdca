import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this idiom: frames of it are not the user's. */
const OWN = dirname(dirname(fileURLToPath(import.meta.url)));

/** The file that called into this idiom, relative to the working directory; "" if the stack does not say. */
export function callSite(): string {
  for (const line of new Error("call site").stack?.split("\n").slice(1) ?? []) {
    const place = /(?:\(|at )((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):\d+:\d+\)?$/.exec(line)?.[1];
    if (place === undefined) continue;
    const path = place.startsWith("file://") ? fileURLToPath(place) : place;
    if (!path.startsWith(OWN) || /\.test\.[jt]s$/.test(path)) return relative(process.cwd(), path);
  }
  return "";
}
