import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test.each(["a task", "a microtask", "a tick"])(
  "a turn that begins in %s ends when no microtask is left",
  async (from) => {
    const log: string[] = [];
    const ended = new Promise<void>((resolve) => {
      const turns = new Turns(() => {
        log.push("end");
        resolve();
      });
      const begin = async (): Promise<void> => {
        turns.begin();
        turns.begin();
        expect(turns.isRunning).toBe(true);
        for (let i = 0; i < 20; i++) await Promise.resolve();
        log.push("last microtask");
      };
      if (from === "a task") setImmediate(() => void begin());
      else if (from === "a microtask") queueMicrotask(() => void begin());
      else process.nextTick(() => void begin());
    });
    await ended;
    expect(log).toEqual(["last microtask", "end"]);
  },
);
