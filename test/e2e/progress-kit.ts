/** The example `progress-page` for tests: built once, its server in this process, its worker in one to kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { serve } from "longhaul/server/node";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { createApp } from "../../examples/progress-page/app.ts";
import { buildPage } from "../../examples/progress-page/build-page.ts";
import { launchChromium } from "../../scripts/services/chromium.mjs";

const MAIN = fileURLToPath(new URL("../../examples/progress-page/main.ts", import.meta.url));
/** Where screenshots go. */
const PICTURES = resolve(".cache/e2e");

/** What is there once for all tests. */
export interface Stage {
  readonly browser: Browser;
  readonly pageFolder: string;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const pageFolder = mkdtempSync(join(tmpdir(), "longhaul-page-"));
  await buildPage(pageFolder);
  mkdirSync(PICTURES, { recursive: true });
  const browser = await launchChromium();
  return {
    browser,
    pageFolder,
    close: async () => {
      await browser.close();
      rmSync(pageFolder, { recursive: true, force: true });
    },
  };
}

/** A server with its store, and what happens to it. */
export class Site {
  /** Streams that are open now, and how many ever were. */
  readonly streams = { open: 0, total: 0 };
  url = "";
  readonly #stage: Stage;
  readonly #folder = mkdtempSync(join(tmpdir(), "longhaul-e2e-"));
  readonly #contexts: BrowserContext[] = [];
  readonly #problems: string[] = [];
  #close: () => Promise<void> = () => Promise.resolve();
  #port = 0;
  #worker: ChildProcess | undefined;
  /** While the browser is offline or the server is away, it complains of its own accord. */
  #isAway = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get store(): string {
    return `file:${join(this.#folder, "jobs.db")}`;
  }

  /** What the pages wrote to their consoles that is no good. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  async startServer(): Promise<void> {
    const app = createApp(this.store, this.#stage.pageFolder);
    const fetch: typeof app.fetch = (request, info) => {
      if (new URL(request.url).pathname === "/api/v1/stream") {
        this.streams.open++;
        this.streams.total++;
        request.signal.addEventListener("abort", () => this.streams.open--);
      }
      return app.fetch(request, info);
    };
    const served = await serve({ fetch, close: app.close }, { port: this.#port });
    this.#port = served.port;
    this.url = served.url;
    this.#close = () => served.close({ graceMs: 1_000 });
  }

  stopServer(): Promise<void> {
    return this.#close();
  }

  /** @param pageMs how long the task takes for each of its 20 pages */
  async startWorker(pageMs: number): Promise<void> {
    this.#worker = spawn(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), MAIN, "worker"],
      {
        env: { ...process.env, LONGHAUL_URL: this.store, PAGE_MS: String(pageMs) },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    await createInterface({ input: this.#worker.stdout! })[Symbol.asyncIterator]().next();
  }

  async killWorker(): Promise<void> {
    const worker = this.#worker!;
    worker.kill("SIGKILL");
    await once(worker, "exit");
  }

  /** A browser of its own: nothing is shared with other contexts. */
  async newContext(): Promise<BrowserContext> {
    const context = await this.#stage.browser.newContext({
      viewport: { width: 900, height: 640 },
      colorScheme: "light",
    });
    this.#contexts.push(context);
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.#complain(message.text());
    });
    context.on("weberror", (error) => this.#complain(String(error.error())));
    return context;
  }

  async openPage(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    await page.goto(this.url);
    return page;
  }

  /** What the browser says of failed requests meanwhile is no problem of the page. */
  async away(work: () => Promise<void>): Promise<void> {
    this.#isAway = true;
    await work();
    this.#isAway = false;
  }

  async close(): Promise<void> {
    for (const context of this.#contexts) await context.close();
    this.#worker?.kill("SIGKILL");
    await this.#close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #complain(text: string): void {
    if (this.#isAway && text.includes("net::ERR_")) return;
    this.#problems.push(text);
  }
}

/** Takes a picture, for people. */
export const picture = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
};
