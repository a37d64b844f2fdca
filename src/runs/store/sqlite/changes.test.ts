import { expect, it } from "vitest";
import { changes } from "./changes.ts";

type Listener = (changed?: ReadonlySet<string>) => void;

/** Somebody who subscribes, and what they are told. */
function source() {
  let listener: Listener | undefined;
  const subscribe = (added: Listener) => {
    listener = added;
    return () => (listener = undefined);
  };
  const say = (...ids: string[]) => listener!(new Set(ids));
  return { subscribe, say, lose: () => listener!(), isHeard: () => listener !== undefined };
}

it("says at once that there may be something, then what changed, once for many changes", async () => {
  const { subscribe, say } = source();
  const news = changes(subscribe, []);
  expect((await news.next()).value).toBeUndefined();
  const next = news.next();
  say("a");
  expect([...(await next).value!]).toEqual(["a"]);
  say("b");
  say("b", "c");
  expect([...(await news.next()).value!]).toEqual(["b", "c"]);
});

it("what is not known is anything, and what was known with it", async () => {
  const { subscribe, say, lose } = source();
  const news = changes(subscribe, []);
  await news.next();
  say("a");
  lose();
  expect(await news.next()).toEqual({ done: false, value: undefined });
  const next = news.next();
  say("b");
  expect([...(await next).value!]).toEqual(["b"]);
});

it("ends with a signal, asked or not, and listens no more", async () => {
  const { subscribe, isHeard } = source();
  const controller = new AbortController();
  const news = changes(subscribe, [undefined, controller.signal]);
  await news.next();
  const next = news.next();
  controller.abort();
  expect((await next).done).toBe(true);
  expect(isHeard()).toBe(false);
  expect((await changes(subscribe, [controller.signal]).next()).done).toBe(true);
});

it("listens no more when nobody asks", async () => {
  const { subscribe, isHeard } = source();
  for await (const _ of changes(subscribe, [])) break;
  expect(isHeard()).toBe(false);
});
