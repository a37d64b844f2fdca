import { loadReview, REVIEWS } from "../../reviews.ts";
import type { ScrapeReviewsJobData, ScrapeReviewsResult, TaskProgress } from "../types.ts";

export async function scrapeReviewsProcessor({
  id,
  data,
  updateProgress,
}: {
  id: string;
  data: ScrapeReviewsJobData;
  updateProgress: (progress: TaskProgress) => Promise<void>;
}): Promise<ScrapeReviewsResult> {
  for (let current = 1; current <= REVIEWS; current++) {
    await loadReview(data.mapsUrl, current);
    await updateProgress({
      percentage: (100 * current) / REVIEWS,
      current,
      total: REVIEWS,
      message: `Job ${id}: processing reviews...`,
    });
  }
  return { shopId: data.shopId, reviews: REVIEWS };
}
