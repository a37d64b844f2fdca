import type { TaskProgress, TaskStatus } from "longhaul/react";

/** How far a task is. */
export function ProgressBar({
  progress,
  status,
}: {
  readonly progress: TaskProgress | undefined;
  readonly status: TaskStatus;
}) {
  const { percentage = 0, current, total, message } = progress ?? {};
  return (
    <section className="progress">
      <div
        className="track"
        role="progressbar"
        aria-label="Progress"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percentage}
        data-status={status}
      >
        <div className="fill" style={{ width: `${percentage}%` }} />
      </div>
      <div className="numbers">
        <strong data-testid="percentage">{percentage} %</strong>
        <span>{message ?? "Nothing has been read yet"}</span>
        <span>{total !== undefined && `${current} / ${total}`}</span>
      </div>
    </section>
  );
}
