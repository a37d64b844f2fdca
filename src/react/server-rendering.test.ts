import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { LonghaulProvider, useRun, useTask } from "./index.ts";

test("on a server, hooks render what is known before anything is, and connect nowhere", () => {
  const fetch = vi.spyOn(globalThis, "fetch");
  function View(): string {
    const task = useTask({ id: "run:run_1", persist: "view" });
    const run = useRun("run_1");
    return `${task.status} ${run.status} ${run.connection}`;
  }
  const page = renderToString(createElement(LonghaulProvider, null, createElement(View)));
  expect(page).toBe("waiting pending idle");
  expect(fetch).not.toHaveBeenCalled();
});
