/** An image that is worked on, a long computation with progress, and a clean-up each night. */
import { logger, metadata, step, task } from "longhaul/trigger/v3";
import { loadDataset, processItem } from "../lib/datasets.ts";
import { getUserEmail, sendEmail } from "../lib/email.ts";
import { downloadImage, optimizeImage, uploadImage } from "../lib/images.ts";
import { cleanupOldRecords } from "../lib/records.ts";

export const processImage = task({
  id: "process-image",
  retry: {
    maxAttempts: 3,
  },
  run: async (payload: { imageId: string; userId: string }) => {
    logger.info("Processing image", { imageId: payload.imageId });
    const image = await downloadImage(payload.imageId);
    const processed = await optimizeImage(image);
    const url = await uploadImage(processed);

    // A further attempt, or a restart, must not send it twice.
    await step.run("notify", async () =>
      sendEmail({
        to: await getUserEmail(payload.userId),
        subject: "Image processed",
        template: "image-ready",
        data: { url },
      }),
    );
    return { url };
  },
});

const ITEMS_A_STEP = 100;

export const longRunningTask = task({
  id: "long-running",
  run: async (payload: { datasetId: string }) => {
    const dataset = await loadDataset(payload.datasetId);
    for (let from = 0; from < dataset.length; from += ITEMS_A_STEP) {
      const items = dataset.slice(from, from + ITEMS_A_STEP);
      // A process that dies loses a hundred items at most.
      await step.run(`items from ${from}`, async () => {
        for (const item of items) await processItem(item);
      });
      logger.info(`Processed ${from + items.length}/${dataset.length}`);
      metadata.set("processed", from + items.length);
    }
    return { processed: dataset.length };
  },
});

export const dailyCleanup = task({
  id: "daily-cleanup",
  cron: "0 3 * * *",
  run: async () => {
    const deleted = await cleanupOldRecords();
    return { deletedCount: deleted };
  },
});
