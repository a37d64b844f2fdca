import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { FileWatch } from "./watch-files.ts";

/** A watch whose changes can be waited for, one after the other. */
function open() {
  const root = tempFolder();
  mkdirSync(root, { recursive: true });
  const changes: string[] = [];
  let wake = (): void => {};
  const watch = new FileWatch((file) => {
    changes.push(file);
    wake();
  });
  onTestFinished(() => watch.close());
  const next = async (): Promise<string> => {
    if (changes.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return changes.shift()!;
  };
  return { root, watch, next, changes };
}

test("tells of a file that is written, and of one that another takes the place of", async () => {
  const { root, watch, next } = open();
  const [file, other] = [join(root, "a.ts"), join(root, "a.ts.tmp")];
  writeFileSync(file, "1");
  watch.add(file);
  writeFileSync(file, "2");
  expect(await next()).toBe(file);
  writeFileSync(other, "3");
  renameSync(other, file);
  expect(await next()).toBe(file);
});

test("tells of new code in a folder, and of nothing else that happens beside its files", async () => {
  const { root, watch, next, changes } = open();
  const [whole, partly] = [join(root, "whole"), join(root, "partly")];
  mkdirSync(whole);
  mkdirSync(partly);
  writeFileSync(join(partly, "known.ts"), "1");
  watch.addFolder(whole);
  watch.add(join(partly, "known.ts"));
  writeFileSync(join(whole, "notes.txt"), "1");
  writeFileSync(join(partly, "new.ts"), "1");
  writeFileSync(join(whole, "new.ts"), "1");
  expect(await next()).toBe(join(whole, "new.ts"));
  expect(changes).toEqual([]);
});
