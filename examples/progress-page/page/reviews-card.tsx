import { useTask } from "longhaul/react";
import { type SubmitEvent, useState } from "react";
import type { ScrapeReviewsResult } from "../scrape-reviews.ts";
import { ProgressBar } from "./progress-bar.tsx";

/** A form that starts the task, and what becomes of it. */
export function ReviewsCard() {
  const [news, setNews] = useState<readonly string[]>([]);
  const tell = (line: string): void => setNews((lines) => [line, ...lines].slice(0, 4));
  const task = useTask<ScrapeReviewsResult>({
    persist: "reviews",
    onComplete: ({ reviews, shopId }) => tell(`Done: ${reviews} reviews of ${shopId}`),
    onError: (error) => tell(`Failed: ${error.message}`),
  });
  const { status, progress, result, error, connection } = task;
  const isUnderWay = ["starting", "waiting", "active", "paused"].includes(status);

  const start = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void task.startTask("scrape-reviews", {
      mapsUrl: form.get("mapsUrl"),
      shopId: form.get("shopId"),
    });
  };

  return (
    <main className="card">
      <header>
        <h1>Collect reviews</h1>
        <span className="badge" data-status={status} data-testid="status">
          {status}
        </span>
      </header>
      <form onSubmit={start}>
        <label>
          Place
          <input name="mapsUrl" type="url" defaultValue="https://maps.example.com/place/corner" />
        </label>
        <label>
          Shop
          <input name="shopId" defaultValue="shop-123" />
        </label>
        <button className="primary" disabled={isUnderWay}>
          Start
        </button>
      </form>
      <ProgressBar progress={progress} status={status} />
      <div className="actions">
        {status === "paused" ? (
          <button onClick={() => void task.resumeTask()}>Resume</button>
        ) : (
          <button disabled={status !== "active"} onClick={() => void task.pauseTask()}>
            Pause
          </button>
        )}
        <button
          className="danger"
          disabled={!isUnderWay || status === "starting"}
          onClick={() => void task.abortTask()}
        >
          Abort
        </button>
      </div>
      {result && (
        <p className="result" data-testid="result">
          {result.reviews} reviews of {result.shopId}, {result.averageRating} stars on average
        </p>
      )}
      {error && (
        <p className="error" role="alert">
          {error.message}
        </p>
      )}
      <footer>
        <ul aria-live="polite">
          {news.map((line, index) => (
            <li key={`${index} ${line}`}>{line}</li>
          ))}
        </ul>
        <span className="connection" data-connection={connection} data-testid="connection">
          {connection}
        </span>
      </footer>
    </main>
  );
}
