/** A page in a real browser, its server, and a worker that is killed: nothing that a user would notice is lost. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openStage, picture, Site, type Stage } from "./progress-kit.ts";

let stage: Stage;
let site: Site;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage.close());

beforeEach(async () => {
  site = new Site(stage);
  await site.startServer();
});

afterEach(async () => {
  await site.close();
  // A browser that complains fails the test that made it.
  if (site.problems.length > 0) throw new Error(site.problems.join("\n"));
});

const WAIT_MS = 30_000;

const start = (page: Page): Promise<void> => page.getByRole("button", { name: "Start" }).click();

const status = (page: Page, wanted: string): Promise<void> =>
  page.locator(`[data-testid=status][data-status=${wanted}]`).waitFor({ timeout: WAIT_MS });

const percentage = async (page: Page): Promise<number> =>
  Number.parseInt(await page.getByTestId("percentage").innerText());

/** Resolves once the page shows this much. */
const reaches = (page: Page, wanted: number): Promise<unknown> =>
  page.waitForFunction(
    (wanted) =>
      Number.parseInt(document.querySelector("[data-testid=percentage]")!.textContent) >= wanted,
    wanted,
    { timeout: WAIT_MS, polling: 20 },
  );

/** Writes down every percentage that the page shows from now on. */
const watch = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const shown: number[] = [];
    Object.assign(globalThis, { shown });
    const look = (): void => {
      const text = document.querySelector("[data-testid=percentage]")!.textContent;
      const value = Number.parseInt(text);
      if (shown.at(-1) !== value) shown.push(value);
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });

const shown = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as { shown: number[] }).shown);

test("a task is started, its progress arrives live, and its result", async () => {
  await site.startWorker(150);
  const page = await site.openPage(await site.newContext());
  await watch(page);
  await start(page);
  await reaches(page, 50);
  await picture(page, "active");
  await status(page, "completed");

  const values = await shown(page);
  expect(values.length).toBeGreaterThanOrEqual(10);
  expect(values).toEqual([...values].sort((a, b) => a - b));
  expect(values.at(-1)).toBe(100);
  expect(await page.getByTestId("result").innerText()).toMatch(/^240 reviews of shop-123/);
  expect(await page.getByRole("listitem").allInnerTexts()).toEqual([
    "Done: 240 reviews of shop-123",
  ]);
  await picture(page, "completed");
});

test("a task is paused in the middle, goes on, and is aborted", async () => {
  await site.startWorker(100);
  const page = await site.openPage(await site.newContext());
  await start(page);
  await reaches(page, 10);
  await page.getByRole("button", { name: "Pause" }).click();
  await status(page, "paused");
  await picture(page, "paused");
  await page.getByRole("button", { name: "Resume" }).click();
  const held = await percentage(page);
  await reaches(page, held + 5);
  expect(held).toBeLessThan(100);

  await page.getByRole("button", { name: "Abort" }).click();
  await status(page, "aborted");
  await picture(page, "aborted");
  // The next task has the place of the one that was aborted: its processor has let go.
  await start(page);
  await status(page, "completed");
});

test("a reload in the middle goes on where it was, while the worker is killed and started again", async () => {
  await site.startWorker(250);
  const page = await site.openPage(await site.newContext());
  await start(page);
  await reaches(page, 20);

  await page.reload();
  await status(page, "active");
  expect(await percentage(page)).toBeGreaterThanOrEqual(20);

  await site.killWorker();
  const held = await percentage(page);
  await page.reload();
  await reaches(page, held);
  await site.startWorker(60);
  await status(page, "completed");
  expect(await page.getByTestId("result").innerText()).toMatch(/^240 reviews/);
  expect(await page.getByRole("listitem").allInnerTexts()).toHaveLength(1);

  // What is over is there again, and is not told again.
  await page.reload();
  await status(page, "completed");
  expect(await page.getByRole("listitem").count()).toBe(0);
});

test("what happens while the page is gone is there when it is back", async () => {
  await site.startWorker(40);
  const context = await site.newContext();
  const page = await site.openPage(context);
  await start(page);
  await reaches(page, 10);
  await page.goto("about:blank");
  const other = await site.openPage(context);
  await start(other);
  await status(other, "completed");

  await page.goto(site.url);
  await status(page, "completed");
  expect(await page.getByRole("listitem").allInnerTexts()).toEqual([
    "Done: 240 reviews of shop-123",
  ]);
});

test("tabs share one connection, and another one takes over when the tab that had it closes", async () => {
  await site.startWorker(200);
  const context = await site.newContext();
  const first = await site.openPage(context);
  await start(first);
  await reaches(first, 5);
  const second = await site.openPage(context);
  await start(second);
  await reaches(second, 5);
  await reaches(first, 15);
  expect(site.streams.open).toBe(1);

  await watch(second);
  await first.close();
  await status(second, "completed");
  const values = await shown(second);
  // Nothing was left out while the connection changed hands: 20 steps of 5, from where it stood.
  expect(values).toEqual(
    Array.from({ length: (100 - values[0]!) / 5 + 1 }, (_, index) => values[0]! + 5 * index),
  );
  expect(site.streams.open).toBeLessThanOrEqual(1);
});

test("a page that was offline, and a server that was away, are caught up with", async () => {
  await site.startWorker(150);
  const context = await site.newContext();
  const page = await site.openPage(context);
  await start(page);
  await reaches(page, 10);
  await site.away(async () => {
    await context.setOffline(true);
    await page.locator("[data-connection=connecting]").waitFor({ timeout: WAIT_MS });
    await picture(page, "offline");
    await context.setOffline(false);
    await page.locator("[data-connection=open]").waitFor({ timeout: WAIT_MS });
  });
  const back = await percentage(page);
  await reaches(page, back + 10);
  await site.away(async () => {
    await site.stopServer();
    await page.locator("[data-connection=connecting]").waitFor({ timeout: WAIT_MS });
    await site.startServer();
    await page.locator("[data-connection=open]").waitFor({ timeout: WAIT_MS });
  });
  await status(page, "completed");
  expect(site.streams.total).toBeGreaterThanOrEqual(3);
});
