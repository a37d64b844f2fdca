import { expect, test } from "vitest";
import * as trigger from "../index.ts";

const { auth, configure, deployments, envvars, query, webhooks } = trigger;
type Call = (options: { readonly secretKey: string }) => unknown;
/** These work. */
const WORKING = /^auth\.create/;

const calls: readonly (readonly [string, Call])[] = [
  ["configure", configure],
  ...Object.entries({ auth, deployments, envvars, query, webhooks }).flatMap(([group, members]) =>
    Object.entries(members)
      .map(([name, call]) => [`${group}.${name}`, call as Call] as const)
      .filter(([name]) => !WORKING.test(name)),
  ),
];

const thrownBy = (call: Call): unknown => {
  try {
    return call({ secretKey: "tr_dev_1" });
  } catch (error) {
    return error;
  }
};

test.each(calls)("%s is refused by its name", (name, call) => {
  expect(thrownBy(call)).toMatchObject({
    code: "TASK_UNSUPPORTED",
    status: 501,
    message: expect.stringContaining(name) as string,
  });
});
