#!/usr/bin/env node
import { runCli } from "./run-cli.ts";

// The reader closed the pipe (`| head`).
process.stdout.on("error", () => process.exit(1));
process.exitCode = await runCli(process.argv);
