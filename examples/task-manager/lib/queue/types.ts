import type { TaskJobData } from "longhaul/manager";

export type { TaskProgress } from "longhaul/manager";

export interface ScrapeReviewsJobData extends TaskJobData {
  mapsUrl: string;
  shopId: string;
}

export interface ScrapeReviewsResult {
  shopId: string;
  reviews: number;
}

export interface NewTaskJobData extends TaskJobData {
  inputField: string;
}

export interface NewTaskResult {
  outputField: string;
}
