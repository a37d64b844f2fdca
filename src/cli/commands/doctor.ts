import { type Command, EXIT, STORE_OPTIONS } from "../command.ts";
import type { Finding } from "../doctor/finding.ts";
import { examine } from "../doctor/examine.ts";
import type { Output } from "../output.ts";
import { storeUrl } from "../with-client.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Look for what is wrong with this machine and the store, and say what to do",
  details: "The store is only read. Exits with 1 if anything is wrong; warnings do not count.",
  args: [],
  options: STORE_OPTIONS,
  examples: ["doctor", "doctor --url file:/var/lib/app/jobs.db --json"],
  run: ({ values, out }) => {
    const path = storeUrl(values, true).slice("file:".length);
    const findings = examine(path, Date.now());
    const isWell = findings.every(({ status }) => status !== "wrong");
    out.result({ ok: isWell, store: path, findings }, ({ findings }) =>
      findings.map((finding) => show(finding, out)).join("\n"),
    );
    return Promise.resolve(isWell ? EXIT.ok : EXIT.failed);
  },
};

function show({ check, status, found, fix }: Finding, { paint }: Output): string {
  const mark = {
    ok: paint.green("ok     "),
    warning: paint.yellow("warning"),
    wrong: paint.red("wrong  "),
  }[status];
  const line = `${mark}  ${check.padEnd(10)}  ${found}`;
  return fix === undefined ? line : `${line}\n         ${"".padEnd(10)}  ${fix}`;
}
