/** Something was lost, doubled or wrong: what was measured is worthless, and so the whole benchmark fails. */
export class CheckError extends Error {
  override name = "CheckError";
}
