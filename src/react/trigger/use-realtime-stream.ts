import { useStream } from "../use-stream.ts";
import type { RealtimeOptions } from "./types.ts";
import { followOptions } from "./use-realtime-run.ts";

/** Options of {@link useRealtimeStream}. */
export interface UseRealtimeStreamOptions<Part> extends RealtimeOptions {
  /** Called once for each part, in order. */
  readonly onData?: ((part: Part) => void) | undefined;
}

const NONE: readonly never[] = [];

/**
 * Follows a stream of a run from its first part until it is closed.
 *
 * @param key that the task gave the stream. @default "default"
 */
export function useRealtimeStream<Part = unknown>(
  runId: string | undefined,
  key = "default",
  options: UseRealtimeStreamOptions<Part> = {},
): {
  readonly parts: readonly Part[];
  readonly error: Error | undefined;
  readonly stop: () => void;
} {
  const { onData } = options;
  const live = useStream<Part>(runId, key, { ...followOptions(options), onData });
  return { parts: live.data ?? NONE, error: live.error, stop: live.stop };
}
