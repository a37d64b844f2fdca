/** Debian's Chromium, for tests in a real browser. It is installed where it is missing. */
import { chromium } from "playwright-core";
import { findOrInstall, which } from "./packages.mjs";

/** Nothing that talks to the outside, and no sandbox: tests run as root in containers. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Starts a browser with an empty profile, which is removed when it is closed.
 * @returns {Promise<import("playwright-core").Browser>}
 */
export async function launchChromium() {
  const executablePath = findOrInstall("chromium", () => which("chromium"));
  return chromium.launch({ executablePath, args: FLAGS });
}
