import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { batchLines } from "./batch-lines.ts";

describe("lines wait for others,", () => {
  test("and are written together without a further one", async () => {
    const { logger, written, untilWritten } = collectLines();
    logger.info("first");
    logger.info("second");
    expect(written).toEqual([]);
    await untilWritten;
    expect(written).toEqual([expect.stringMatching(/"first".*\n.*"second".*\n/)]);
    expect(process.listeners("exit").map(({ name }) => name)).not.toContain("writeWaiting");
  });

  test("but not for longer than until one of level error, also of a child logger", () => {
    const { logger, written } = collectLines();
    logger.info("before");
    logger.child({ of: "child" }).error("trouble");
    expect(written).toEqual([expect.stringMatching(/"before".*\n.*"trouble".*\n/)]);
    logger.info("after");
    expect(written).toHaveLength(1);
  });

  test("nor do very many", () => {
    const { logger, written } = collectLines();
    for (let line = 0; line < 1_000; line++) logger.info("one of many");
    expect(written.join("").split("\n").length).toBeGreaterThan(800);
    expect(written.length).toBeLessThan(50);
  });
});

const ENDINGS = [
  ["has nothing left to do", ""],
  ["exits", "process.exit(0);"],
  ["exits in a later turn of its loop", "setImmediate(() => process.exit(0));"],
  ["throws what nobody catches", 'throw new Error("uncaught");'],
  ["rejects what nobody catches", 'Promise.reject(new Error("uncaught"));'],
] as const;

test.each(ENDINGS)("a process that %s has written all of its lines", async (_, ending) => {
  const lines = await runLogger(`for (let n = 0; n < 200; n++) logger.info({ n }, "line"); ${ending}`);
  expect(lines.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

/** A logger, and what it has written so far, in pieces. */
function collectLines() {
  const written: string[] = [];
  const { promise: untilWritten, resolve } = Promise.withResolvers<void>();
  function write(piece: string): void {
    written.push(piece);
    resolve();
  }
  return { logger: pino({}, batchLines({ write })), written, untilWritten };
}

const LOGGER = fileURLToPath(new URL("logger.ts", import.meta.url));

/** Runs a process with a `logger` of the service, and returns the lines that it wrote. */
async function runLogger(statements: string): Promise<readonly { readonly n: number }[]> {
  const script = `
    import { createLogger } from ${JSON.stringify(LOGGER)};
    const logger = createLogger({ name: "test", level: "info" });
    ${statements}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const output = await text(child.stdout);
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
