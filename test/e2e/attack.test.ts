import { expect, test } from "vitest";
import { startProgram } from "../support/program.ts";

test("pnpm attack ends with 0 when everything held", { timeout: 1_200_000 }, async () => {
  await using attack = startProgram("test/attack/main.ts", {}, ["--seconds", "2", "--only", "tunnels"]);
  expect(await attack.exited(), attack.output()).toEqual({ code: 0, signal: null });
  expect(attack.output()).toMatch(/^tunnels that are reset .+\n.*\n*Everything held\.\n$/ms);
});

test("pnpm attack ends with 1 when a process has died", { timeout: 1_200_000 }, async () => {
  const options = ["--seconds", "10", "--only", "idle connections"];
  await using attack = startProgram("test/attack/main.ts", {}, options);
  const [, pid] = await attack.says(/^API \S+, process (\d+);/m);
  await attack.says(/^\(idle\)/m);
  process.kill(Number(pid), "SIGKILL");
  expect(await attack.exited(), attack.output()).toEqual({ code: 1, signal: null });
  expect(attack.output()).toMatch(/^VIOLATION 2,000 idle connections: a process ended \(SIGKILL\)/m);
});
