import { describe, expect, it } from "vitest";
import { findProblems, importsOf } from "./check-imports.mjs";

const problemsOf = (files: Record<string, string>) => findProblems(new Map(Object.entries(files)));

describe("importsOf", () => {
  it("finds every form of import", () => {
    const text = `
      import a from "./a.ts";
      import { b,
        c } from "./b.ts";
      export * from "./d.ts";
      import "./e.ts";
      const f = await import("./f.ts");
      new Worker(new URL("./g.js", import.meta.url));
    `;
    const specifiers = importsOf(text).map(({ specifier }) => specifier);
    expect(specifiers).toEqual(["./a.ts", "./b.ts", "./d.ts", "./e.ts", "./f.ts", "./g.js"]);
  });

  it("tells types from values", () => {
    expect(importsOf(`import type { A } from "./a.ts";`)[0]?.typeOnly).toBe(true);
    expect(importsOf(`export type * from "./a.ts";`)[0]?.typeOnly).toBe(true);
    expect(importsOf(`import { type A } from "./a.ts";`)[0]?.typeOnly).toBe(false);
    expect(importsOf(`import type from "./a.ts";`)[0]?.typeOnly).toBe(false);
  });

  it("does not take SQL, comments or exported strings for imports", () => {
    const text = `
      /** @example
       * import { Queue } from "./queue.ts";
       */
      // import "./old.ts"
      export const sql = "SELECT 1 FROM 'x'";
    `;
    expect(importsOf(text)).toEqual([]);
  });
});

describe("findProblems", () => {
  it("lets imports point down and refuses those that point up", () => {
    expect(problemsOf({ "src/queue/add.ts": `import "../core/ids.ts"; ` })).toEqual([]);
    expect(problemsOf({ "src/core/ids.ts": `import type { A } from "../queue/add.ts";` })).toEqual([
      "src/core/ids.ts: core must not import queue (src/queue/add.ts)",
    ]);
    expect(problemsOf({ "src/bullmq/queue.ts": `import "../storage/url.ts";` })).toHaveLength(1);
  });

  it("lets the browser side import only types of core", () => {
    expect(problemsOf({ "src/client/a.ts": `import type { A } from "../core/a.ts";` })).toEqual([]);
    expect(problemsOf({ "src/client/a.ts": `import { A } from "../core/a.ts";` })).toHaveLength(1);
    expect(
      problemsOf({ "src/react/a.ts": `import type { A } from "../queue/a.ts";` }),
    ).toHaveLength(1);
  });

  it("refuses I/O in core and imports from outside src", () => {
    expect(problemsOf({ "src/core/a.ts": `import { readFileSync } from "node:fs";` })).toHaveLength(
      1,
    );
    expect(problemsOf({ "src/core/a.ts": `import "../../test/helper.ts";` })).toHaveLength(1);
    expect(problemsOf({ "src/elsewhere/a.ts": `import "../core/a.ts";` })).toHaveLength(1);
  });

  it("lets tests import anything", () => {
    expect(problemsOf({ "src/core/a.test.ts": `import "../cli/main.ts";` })).toEqual([]);
  });

  it("finds circles, and allows those of types alone", () => {
    const b = `import "./a.ts";`;
    expect(problemsOf({ "src/core/a.ts": `import "./b.ts";`, "src/core/b.ts": b })).toEqual([
      "circle: src/core/a.ts -> src/core/b.ts -> src/core/a.ts",
    ]);
    expect(
      problemsOf({ "src/core/a.ts": `import type { B } from "./b.ts";`, "src/core/b.ts": b }),
    ).toEqual([]);
  });
});
