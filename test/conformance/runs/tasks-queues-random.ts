import { describe, expect, test } from "vitest";
import { queueOfSlot, queueSlot } from "../../../src/runs/store/queue-store.ts";
import type { ClaimedRun } from "../../../src/runs/store/run-store.ts";
import { HOUR, RunKit, type RunStoreKind, SECOND } from "./kit.ts";

const QUEUES = ["a", "b", "task/fn"];

const QUEUE_KEYS = QUEUES.flatMap((name) => ["", "key"].map((key) => queueSlot(name, 1, key).key));

/** A sequence that looks random, the same for each seed. */
function random(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) | 0;
    return Math.abs(state ^ (state >>> 13)) % below;
  };
}

/** Does anything to queues and runs, in any order, and looks that no more run than may, and that none is forgotten. */
export function testTaskQueuesAtRandom({ open }: RunStoreKind): void {
  describe("queues, whatever is done to them", () => {
    test.each([1, 2, 3, 14, 17, 19, 48, 199])("keep limits and lose no run (%i)", async (seed) => {
      const kit = new RunKit(open());
      const { queues } = kit.store.stores;
      const pick = random(seed);
      let held: ClaimedRun[] = [];
      const paused = new Set<string>();
      const started: string[] = [];
      const queueOf = new Map<string, string>();
      const slotOf = new Map<string, string>();

      const start = async () => {
        const name = QUEUES[pick(3)]!;
        const isPlain = name === "task/fn" && pick(2) === 0;
        const slots = isPlain ? [] : [queueSlot(name, 1 + pick(3), pick(2) ? "key" : "")];
        const more = pick(4) === 0 ? { notBefore: kit.now + pick(5) * SECOND } : {};
        const id = await kit.started({ slots, ...more });
        started.push(id);
        queueOf.set(id, name);
        if (slots[0]) slotOf.set(id, slots[0].key);
      };
      /** How many of those that run hold a slot. */
      const running = (key: string) => held.filter(({ id }) => slotOf.get(id) === key).length;
      const forgetLost = async () => {
        const states = await Promise.all(held.map(({ id }) => kit.state(id)));
        held = held.filter((_, index) => states[index] === "running");
      };
      const claim = async () => {
        await forgetLost();
        const before = new Map(QUEUE_KEYS.map((key) => [key, running(key)]));
        const runs = await kit.claim(1 + pick(4));
        for (const { id } of runs) expect(paused.has(queueOf.get(id)!)).toBe(false);
        held.push(...runs);
        for (const key of QUEUE_KEYS) {
          const record = await queues.retrieve(queueOfSlot(key)!);
          const most = Math.max(before.get(key)!, record?.limit ?? Infinity);
          expect(running(key)).toBeLessThanOrEqual(most);
        }
      };
      const leave = async () => {
        const [run] = held.splice(pick(held.length || 1), 1);
        if (run === undefined) return;
        const way = pick(6);
        if (way < 2) await kit.suspend(run, { dueAt: kit.now + pick(5) * SECOND });
        else if (way === 2) await kit.fail(run);
        else await kit.finish(run);
      };
      const cancel = async () => {
        const runId = started[pick(started.length || 1)];
        if (runId === undefined) return;
        await kit.store.cancel({ now: kit.now, runId, reason: "" });
        held = held.filter(({ id }) => id !== runId);
      };
      const change = async () => {
        const name = QUEUES[pick(3)]!;
        const limit = pick(3) === 0 ? undefined : 1 + pick(3);
        const what = pick(4);
        if (what < 2) {
          const isPaused = what === 0;
          const record = await queues.setPaused({ now: kit.now, name, isPaused });
          if (record?.isPaused) paused.add(name);
          else paused.delete(name);
        } else if (what === 2) await queues.override({ now: kit.now, name, limit });
        else await queues.declare({ now: kit.now, queues: [{ name, limit }] });
      };
      const wait = () => kit.advanceTo(kit.now + SECOND);

      const actions = [start, start, claim, claim, leave, cancel, change, wait];
      for (let n = 0; n < 150; n++) await actions[pick(actions.length)]!();

      for (const name of QUEUES) {
        await queues.setPaused({ now: kit.now, name, isPaused: false });
        await queues.override({ now: kit.now, name, limit: 2 });
      }
      // Leases of those still held run out meanwhile.
      await kit.advanceTo(kit.now + HOUR);
      for (let rounds = 0; rounds < 1000; rounds++) {
        const runs = await kit.claim();
        if (runs.length === 0) break;
        for (const name of QUEUES) {
          const running = runs.filter(({ id }) => queueOf.get(id) === name);
          // Two keys of two each, and none.
          expect(running.length).toBeLessThanOrEqual(name === "task/fn" ? 6 : 4);
        }
        for (const run of runs) await kit.finish(run);
        await kit.advanceTo(kit.now);
      }
      const states = await Promise.all(started.map((id) => kit.state(id)));
      const isOver = (state: string | undefined) =>
        ["completed", "failed", "canceled"].includes(state!);
      expect(states.filter((state) => !isOver(state))).toEqual([]);
      const records = (await queues.list({ limit: 9 })).queues;
      expect(records.map(({ queued, running }) => queued + running)).toEqual(records.map(() => 0));
    });
  });
}
