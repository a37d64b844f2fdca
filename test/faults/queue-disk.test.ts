/** The disk is full, the file may not grow, or may not be written: clear errors, and life goes on once there is room. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { audit } from "./queue-audit.ts";
import { checkFile } from "./queue-check-file.ts";
import { faultsKit, Queue, uniqueName, until, type Place } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";

const kit = faultsKit();

/** How soon all goes on once there is room. */
const SOON_MS = 5000;
const MEGABYTE = 1024 * 1024;

const succeeds = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args).status === 0;
const hasPrlimit = succeeds("prlimit", "--version");

/** Mounts something until the test ends. @returns whether that is allowed */
function mount(folder: string, ...args: string[]): boolean {
  mkdirSync(folder, { recursive: true });
  if (!succeeds("mount", ...args, folder)) return false;
  kit.closing({ close: async () => succeeds("umount", folder) });
  return true;
}

const NO_MOUNT = "this system does not let us mount a filesystem (that takes root)";

/** What {@link outgrow} is done to. */
interface Scene {
  readonly place: Place;
  readonly path: string;
  /** The code of the errors that are to be expected. */
  readonly code: string;
  /** Ends the want of room. */
  makeRoom(child: Child): unknown;
  /** A command to run the process under. */
  readonly wrapper?: readonly string[];
}

/**
 * A process adds and works until there is no room, goes on for a while, and gets room again.
 * @returns what is wrong in the end
 */
async function outgrow({ place, path, code, makeRoom, wrapper = [] }: Scene): Promise<string[]> {
  const connection = `file:${path}`;
  const queue = uniqueName("full");
  const { ledger } = place;
  const setting = { connection, ledger, queue, options: { concurrency: 10 } };
  const child = new Child("queue-full-disk", setting, { wrapper });
  await child.next("ready");
  child.send({ type: "go" });
  expect(await child.ask({ type: "fill", bytes: 20_000 })).toMatchObject({ refused: [code] });

  // The worker meets the want of room as well, and rests: errors come now and then, not by the thousand.
  await child.ask({ type: "errors" });
  await pause(1500);
  const { codes, count } = await child.ask({ type: "errors" });
  expect(codes).toEqual([code]);
  expect(count).toBeLessThanOrEqual(5);
  expect(checkFile(path)).toEqual([]);

  makeRoom(child);
  expect(await child.ask({ type: "add", many: 20, bytes: 100 })).toMatchObject({ refused: [] });
  const reader = kit.closing(new Queue(queue, { connection }));
  const isIdle = async () => {
    const { waiting = 0, active = 0 } = await reader.getJobCounts("waiting", "active");
    return waiting + active === 0;
  };
  await until("all is done", isIdle, SOON_MS);
  await child.ask({ type: "close" });

  const { problems, added, completed, failed, startedAgain } = audit({ ...place, path });
  expect({ completed, failed, startedAgain }).toEqual({
    completed: added,
    failed: 0,
    startedAgain: 0,
  });
  return [...problems, ...checkFile(path)];
}

test("a disk that is full, and has room again", async ({ skip }) => {
  const place = kit.place();
  const folder = join(place.folder, "small");
  if (!mount(folder, "-t", "tmpfs", "-o", "size=8m", "tmpfs")) skip(NO_MOUNT);
  const ballast = join(folder, "ballast");
  writeFileSync(ballast, Buffer.alloc(4 * MEGABYTE));
  const path = join(folder, "queues.db");
  const problems = await outgrow({
    ...{ place, path, code: "STORE_FULL" },
    makeRoom: () => rmSync(ballast),
  });
  expect(problems).toEqual([]);
});

test.skipIf(!hasPrlimit)("a file that may not grow, until it may", async () => {
  const place = kit.place();
  const problems = await outgrow({
    ...{ place, path: place.path, code: "STORE_IO" },
    wrapper: ["prlimit", `--fsize=${3 * MEGABYTE}:unlimited`],
    makeRoom: ({ pid }) => succeeds("prlimit", "--pid", `${pid}`, "--fsize=unlimited"),
  });
  expect(problems).toEqual([]);
});

test("a worker that waits for room can be closed", async ({ skip }) => {
  const place = kit.place();
  const folder = join(place.folder, "small");
  if (!mount(folder, "-t", "tmpfs", "-o", "size=4m", "tmpfs")) skip(NO_MOUNT);
  const path = join(folder, "queues.db");
  const setting = { connection: `file:${path}`, ledger: place.ledger, queue: uniqueName("full") };
  const child = new Child("queue-full-disk", setting);
  await child.next("ready");
  child.send({ type: "go" });
  expect(await child.ask({ type: "fill", bytes: 20_000 })).toMatchObject({
    refused: ["STORE_FULL"],
  });
  await child.ask({ type: "close" }, SOON_MS);
  expect(checkFile(path)).toEqual([]);
});

test("a disk that is full already", ({ skip }) => {
  const place = kit.place();
  const folder = join(place.folder, "small");
  if (!mount(folder, "-t", "tmpfs", "-o", "size=1m", "tmpfs")) skip(NO_MOUNT);
  spawnSync("dd", ["if=/dev/zero", `of=${join(folder, "ballast")}`, "bs=4k"]);
  const connection = `file:${join(folder, "queues.db")}`;
  expect(() => new Queue("full", { connection })).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^STORE_(FULL|IO)$/) }),
  );
});

test("a disk that may only be read", async ({ skip }) => {
  const place = kit.place();
  const queue = new Queue("read-only", { connection: place.connection });
  await queue.add("job", {});
  await queue.close();
  const folder = join(place.folder, "mirror");
  if (!mount(folder, "--bind", place.folder)) skip(NO_MOUNT);
  expect(succeeds("mount", "-o", "remount,bind,ro", folder)).toBe(true);
  const connection = `file:${join(folder, "queues.db")}`;
  expect(() => new Queue("read-only", { connection })).toThrow(
    expect.objectContaining({ code: "STORE_READ_ONLY" }),
  );
});
