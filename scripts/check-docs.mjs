/**
 * Compiles the TypeScript blocks of README.md and docs/*.md, each as a module of its own, against the built package.
 * What the pages take for granted (a client, a mail service) is declared here.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = ".cache/docs-code";

/** What a reader of the pages has. */
const PRELUDE = `
import type { Longhaul } from "longhaul";
import type { Inngest, InngestFunction } from "longhaul/inngest";

declare global {
  const inngest: Inngest;
  const longhaul: Longhaul;
  const welcome: InngestFunction;
  const checkout: InngestFunction;
  const printLabel: InngestFunction;
  function sendEmail(mail: { to: string; subject: string }): Promise<void>;
  function chargeCard(order: unknown): Promise<{ transactionId: string }>;
  function giveVoucher(userId: string): Promise<void>;
  function copyAccount(accountId: string): Promise<void>;
  function buildReport(): Promise<{ lines: number }>;
}
`;

const TSCONFIG = {
  extends: "../../tsconfig.json",
  compilerOptions: { lib: ["es2023", "esnext.disposable"], noUnusedLocals: false },
  include: ["."],
};

/**
 * @param {string} markdown
 * @returns {{ code: string, line: number, extension: string }[]} the TypeScript blocks, and where each begins
 */
export function codeBlocks(markdown) {
  return [...markdown.matchAll(/^```(tsx?)\n([\s\S]*?)^```$/gm)].map((match) => ({
    extension: match[1] ?? "ts",
    code: match[2] ?? "",
    line: markdown.slice(0, match.index).split("\n").length,
  }));
}

function main() {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(TSCONFIG));
  writeFileSync(join(FOLDER, "prelude.ts"), PRELUDE);
  const pages = ["README.md", ...readdirSync("docs").map((page) => join("docs", page))];
  let count = 0;
  for (const page of pages.filter((name) => name.endsWith(".md"))) {
    for (const { code, line, extension } of codeBlocks(readFileSync(page, "utf8"))) {
      const name = `${basename(page, ".md").toLowerCase()}-line-${line}.${extension}`;
      writeFileSync(join(FOLDER, name), `${code}\nexport {};\n`);
      count++;
    }
  }
  const { status } = spawnSync("node_modules/.bin/tsc", ["-p", FOLDER], { stdio: "inherit" });
  console.log(`check-docs: ${count} blocks`);
  if (status !== 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
