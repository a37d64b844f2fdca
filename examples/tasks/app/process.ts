import { tasks } from "longhaul/trigger/v3";
import { processImage } from "../trigger/tasks.ts";

/** POST /api/process `{ imageId, userId }`: starts one run. */
export async function POST(req: Request): Promise<Response> {
  const { imageId, userId } = (await req.json()) as { imageId: string; userId: string };
  const handle = await tasks.trigger(processImage, { imageId, userId });
  return Response.json({ taskId: handle.id, status: "processing" });
}
