#!/usr/bin/env node
import { commands } from "./commands/index.ts";
import { runCli } from "./run-cli.ts";

// Set, not called: what is still to be written gets out.
process.exitCode = await runCli(process.argv.slice(2), commands, process);
