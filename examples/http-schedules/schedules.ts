/** What is called, and when: the crons of vercel.json as they are, and one of our own. */
import { fileURLToPath } from "node:url";
import { httpSchedules, vercelCrons } from "longhaul/http-schedules";

export const schedulesOf = (baseUrl: string) => [
  ...vercelCrons({ file: fileURLToPath(new URL("vercel.json", import.meta.url)), baseUrl }),
  ...httpSchedules([
    {
      name: "weekly-report",
      cron: "0 9 * * MON",
      timezone: "Europe/Berlin",
      url: `${baseUrl}/api/reports`,
      method: "POST",
      body: { kind: "weekly" },
      timeoutMs: 30_000,
      attempts: 3,
    },
  ]),
];
