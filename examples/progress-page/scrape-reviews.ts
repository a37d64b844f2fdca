import { setTimeout as sleep } from "node:timers/promises";
import type { TaskJob } from "longhaul/manager";

/** What the page asks for. */
export interface ScrapeReviewsJobData {
  readonly mapsUrl: string;
  readonly shopId: string;
}

/** What the task comes to. */
export interface ScrapeReviewsResult {
  readonly shopId: string;
  readonly reviews: number;
  readonly averageRating: number;
}

const PAGES = 20;
const REVIEWS_OF_A_PAGE = 12;

/** How long one page of reviews takes, in ms. */
const pageMs = (): number => Number(process.env.PAGE_MS ?? 400);

/** Reads reviews page by page, and says after each how far it is. What it reads is made up. */
export async function scrapeReviewsProcessor({
  data,
  updateProgress,
  signal,
}: TaskJob<ScrapeReviewsJobData>): Promise<ScrapeReviewsResult> {
  let stars = 0;
  const total = PAGES * REVIEWS_OF_A_PAGE;
  for (let page = 1; page <= PAGES; page++) {
    await sleep(pageMs(), undefined, { signal });
    const current = page * REVIEWS_OF_A_PAGE;
    for (let review = 0; review < REVIEWS_OF_A_PAGE; review++) stars += 3 + ((page + review) % 3);
    await updateProgress({
      percentage: Math.round((current / total) * 100),
      current,
      total,
      message: `Page ${page} of ${PAGES}`,
    });
  }
  return {
    shopId: data.shopId,
    reviews: total,
    averageRating: Math.round((stars / total) * 10) / 10,
  };
}
