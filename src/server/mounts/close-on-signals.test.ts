import { afterEach, expect, test, vi } from "vitest";
import { closeOnSignals } from "./close-on-signals.ts";

afterEach(() => vi.restoreAllMocks());

const SIGNAL = "SIGUSR2";
const signals = [SIGNAL] as const;

/** Things to close that say when they are, and the exit of the process as a promise. */
function setUp({ fails = false } = {}) {
  const closed: [what: string, options: object][] = [];
  const closes = (what: string) => ({
    close: (options: object) => {
      closed.push([what, options]);
      return fails ? Promise.reject(new Error("the disk is full")) : Promise.resolve();
    },
  });
  const exited = new Promise<unknown>((resolve) => {
    vi.spyOn(process, "exit").mockImplementation((code) => {
      resolve(code);
      return undefined as never;
    });
  });
  return { longhaul: closes("runtime"), served: closes("server"), closed, exited };
}

test("the server is closed before the runtime, which gets what is left of the time", async () => {
  const { longhaul, served, closed, exited } = setUp();
  const leave = closeOnSignals(longhaul, served, { signals, graceMs: 8_000 });
  process.emit(SIGNAL);
  expect(await exited).toBe(0);
  leave();
  expect(closed).toEqual([
    ["server", { graceMs: 4_000 }],
    ["runtime", { timeoutMs: expect.any(Number) }],
  ]);
  const { timeoutMs } = closed[1]![1] as { timeoutMs: number };
  expect(timeoutMs).toBeGreaterThan(7_000);
  expect(timeoutMs).toBeLessThanOrEqual(8_000);
});

test("what cannot be closed is said, and the process exits with 1", async () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  const { longhaul, exited } = setUp({ fails: true });
  const leave = closeOnSignals(longhaul, undefined, { signals });
  process.emit(SIGNAL);
  expect(await exited).toBe(1);
  leave();
  expect(said).toHaveBeenCalledWith(expect.any(String), new Error("the disk is full"));
});

test("signals are left alone again", () => {
  const { longhaul } = setUp();
  const before = process.listenerCount(SIGNAL);
  const leave = closeOnSignals(longhaul, undefined, { signals });
  expect(process.listenerCount(SIGNAL)).toBe(before + 1);
  leave();
  expect(process.listenerCount(SIGNAL)).toBe(before);
});
