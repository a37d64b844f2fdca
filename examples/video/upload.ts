import { client } from "./trigger.ts";
import { videoUploadedEvent } from "./triggers/video-processing.ts";

/** A video as the upload form has stored it. */
export interface UploadedVideo {
  id: string;
  userId: string;
  path: string;
  format: string;
  duration: number;
}

// Usage: Trigger the workflow
export async function handleVideoUpload(videoData: UploadedVideo): Promise<void> {
  // Send event to trigger the long-running workflow
  await client.sendEvent({
    name: videoUploadedEvent.name,
    payload: {
      videoId: videoData.id,
      userId: videoData.userId,
      filePath: videoData.path,
      format: videoData.format,
      duration: videoData.duration,
    },
  });
}
