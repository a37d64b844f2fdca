import { setTimeout as pause } from "node:timers/promises";

/** How many reviews every shop has. */
export const REVIEWS = 10;

/** Stands in for a page that takes a while to load. */
export async function loadReview(mapsUrl: string, n: number): Promise<string> {
  await pause(20);
  return `${mapsUrl}#review-${n}`;
}
