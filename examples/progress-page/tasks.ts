import { createQueueManager, type QueueManager } from "longhaul/manager";
import {
  type ScrapeReviewsJobData,
  type ScrapeReviewsResult,
  scrapeReviewsProcessor,
} from "./scrape-reviews.ts";

/**
 * The tasks of this program, for all its processes.
 *
 * @param url of the store
 * @param workers whether this process works on them, or only adds and controls them
 */
export function createTasks(url: string, workers: boolean): QueueManager {
  const manager = createQueueManager({ connection: url, workers });
  manager.registerTask<ScrapeReviewsJobData, ScrapeReviewsResult>("scrape-reviews", {
    queueName: "scrape-reviews",
    processor: scrapeReviewsProcessor,
  });
  return manager;
}
