import { tasks } from "longhaul/trigger/v3";
import { processImage } from "../trigger/tasks.ts";

/** POST /api/process-batch `{ images: [{ imageId, userId }] }`: starts a run for each. */
export async function POST(req: Request): Promise<Response> {
  const { images } = (await req.json()) as { images: { imageId: string; userId: string }[] };
  const handles = await tasks.batchTrigger(
    processImage,
    images.map((img) => ({ payload: img })),
  );
  return Response.json({ taskIds: handles.map((h) => h.id) });
}
