import { eventTrigger, intervalTrigger } from "longhaul/trigger/v2";
import { z } from "zod";
import { archive } from "../lib/archive.ts";
import { client } from "../trigger.ts";

// Define events
export const videoUploadedEvent = client.defineEvent({
  name: "video.uploaded",
  schema: z.object({
    videoId: z.string(),
    userId: z.string(),
    filePath: z.string(),
    format: z.string(),
    duration: z.number(),
  }),
});

// Long-running video processing workflow
client.defineJob({
  id: "video-processing-pipeline",
  name: "Video Processing Pipeline",
  version: "0.1.0",
  enabled: true,

  // Trigger when video is uploaded
  trigger: eventTrigger({
    name: videoUploadedEvent.name,
  }),

  run: async (payload, io, _ctx) => {
    const { videoId, userId, duration } = payload;

    // This job can run for hours/days without timing out

    // Step 1: Validate video file (could take minutes for large files)
    const validation = await io.runTask("validate-video", async () => {
      // Simulate validation process
      await io.wait("wait-for-validation", 2 * 60); // Wait 2 minutes
      return { valid: true, format: "mp4", size: "2.1GB" };
    });

    if (!validation.valid) {
      await io.sendEvent("video-validation-failed", {
        name: "video.processing.failed",
        payload: { videoId, reason: "Invalid format" },
      });
      return;
    }

    // Step 2: Transcode to multiple formats (could take hours)
    const transcodingPromises = [
      io.runTask("transcode-1080p", async () => {
        await io.wait("transcode-1080p-wait", 30 * 60); // 30 minutes
        return { format: "1080p", status: "completed" };
      }),

      io.runTask("transcode-720p", async () => {
        await io.wait("transcode-720p-wait", 20 * 60); // 20 minutes
        return { format: "720p", status: "completed" };
      }),

      io.runTask("transcode-480p", async () => {
        await io.wait("transcode-480p-wait", 15 * 60); // 15 minutes
        return { format: "480p", status: "completed" };
      }),
    ];

    const transcodingResults = await Promise.all(transcodingPromises);

    // Step 3: Generate thumbnails (parallel processing)
    const thumbnailTasks = [];
    for (let i = 0; i < 5; i++) {
      thumbnailTasks.push(
        io.runTask(`generate-thumbnail-${i}`, async () => {
          const timestamp = i * (duration / 5);
          await io.wait(`thumbnail-wait-${i}`, 2 * 60); // 2 minutes per thumbnail
          return { thumbnailId: `thumb-${i}`, timestamp, status: "generated" };
        }),
      );
    }

    const thumbnails = await Promise.all(thumbnailTasks);

    // Step 4: AI Content Analysis (could take variable time)
    const analysis = await io.runTask("ai-content-analysis", async () => {
      // This could take hours for long videos
      await io.wait("ai-analysis-wait", 60 * 60); // 1 hour wait
      return {
        objectsDetected: ["person", "car", "building"],
        sceneChanges: 45,
        contentRating: "G",
      };
    });

    // Step 5: Update database and notify user
    await io.runTask("update-database", async () => {
      // Update video status to processed
      return { status: "completed", processedAt: new Date() };
    });

    // Send completion event
    await io.sendEvent("video-processing-complete", {
      name: "video.processing.completed",
      payload: {
        videoId,
        userId,
        formats: transcodingResults,
        thumbnails,
        analysis,
        completedAt: new Date().toISOString(),
      },
    });

    return {
      videoId,
      status: "fully processed",
      processingTime: "several hours", // Actually could be days
      outputs: transcodingResults.length + thumbnails.length,
    };
  },
});

// Scheduled cleanup job (runs daily)
client.defineJob({
  id: "cleanup-old-videos",
  name: "Cleanup Old Videos",
  version: "0.1.0",

  trigger: intervalTrigger({
    seconds: 24 * 60 * 60, // Run daily
  }),

  run: async (_payload, io, _ctx) => {
    // This job can run for hours processing thousands of records

    await io.logger.info("Starting cleanup of old videos...");

    // Step 1: Find videos older than 30 days
    const oldVideos = await io.runTask("find-old-videos", async () => {
      // Database query to find old videos
      return archive.oldVideos;
    });

    // Step 2: Delete from storage (parallel processing)
    const deletionPromises = oldVideos.map((video) =>
      io.runTask(`delete-video-${video.videoId}`, async () => {
        await io.wait(`delete-wait-${video.videoId}`, 30); // 30 seconds per deletion
        return { videoId: video.videoId, deleted: true };
      }),
    );

    // Process in batches of 10 to avoid overwhelming the system
    const batchSize = 10;
    for (let i = 0; i < deletionPromises.length; i += batchSize) {
      const batch = deletionPromises.slice(i, i + batchSize);
      await Promise.all(batch);
      await io.wait(`batch-wait-${i / batchSize}`, 60); // Wait 1 minute between batches
    }

    // Step 3: Update database records
    await io.runTask("update-database-records", async () => {
      // Mark videos as archived in database
      return { updated: oldVideos.length };
    });

    await io.logger.info(`Cleanup completed: ${oldVideos.length} videos processed`);

    return { videosProcessed: oldVideos.length };
  },
});
