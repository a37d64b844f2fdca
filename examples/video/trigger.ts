import { TriggerClient } from "longhaul/trigger/v2";

export const client = new TriggerClient({
  id: "video-platform",
  apiKey: process.env["TRIGGER_API_KEY"]!,
  apiUrl: process.env["TRIGGER_API_URL"],
});
