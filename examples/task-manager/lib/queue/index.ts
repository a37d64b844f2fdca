import { QueueManager as BaseQueueManager } from "longhaul/manager";
import { newTaskProcessor } from "./processors/new-task-processor.ts";
import { scrapeReviewsProcessor } from "./processors/scrape-reviews-processor.ts";
import type {
  NewTaskJobData,
  NewTaskResult,
  ScrapeReviewsJobData,
  ScrapeReviewsResult,
} from "./types.ts";

class QueueManager extends BaseQueueManager {
  constructor() {
    super();
    this.taskQueue.registerTask<ScrapeReviewsJobData, ScrapeReviewsResult>("scrape-reviews", {
      queueName: "scrape-reviews",
      processor: scrapeReviewsProcessor,
    });
    this.taskQueue.registerTask<NewTaskJobData, NewTaskResult>("new-task", {
      queueName: "new-task",
      processor: newTaskProcessor,
    });
  }
}

export const queueManager = new QueueManager();
