import { useCallback, useState } from "react";
import { useHost } from "../provider.ts";

/** Completes a waitpoint token: the runs that wait for it go on. @param tokenId nothing: not ready yet */
export function useWaitToken<Output = unknown>(
  tokenId: string | undefined,
  { accessToken }: { readonly accessToken?: string | undefined } = {},
): {
  /** Never rejects: `error` says why it failed. */
  readonly complete: (output: Output) => Promise<void>;
  readonly isReady: boolean;
  readonly isLoading: boolean;
  readonly isCompleted: boolean;
  readonly error: Error | undefined;
} {
  const host = useHost();
  const [state, setState] = useState<{
    readonly isLoading: boolean;
    /** Which token was completed. */
    readonly completed?: string;
    readonly error?: Error;
  }>({ isLoading: false });
  const complete = useCallback(
    async (output: Output): Promise<void> => {
      if (tokenId === undefined) return;
      setState({ isLoading: true });
      const path = `/waitpoints/tokens/${encodeURIComponent(tokenId)}/complete`;
      try {
        await host.post(path, { data: output }, accessToken);
        setState({ isLoading: false, completed: tokenId });
      } catch (error) {
        setState({ isLoading: false, error: error as Error });
      }
    },
    [host, tokenId, accessToken],
  );
  return {
    complete,
    isReady: tokenId !== undefined,
    isLoading: state.isLoading,
    isCompleted: tokenId !== undefined && state.completed === tokenId,
    error: state.error,
  };
}
