import { expect, test } from "vitest";
import { createReadiness, type Dependency } from "./readiness.ts";

const OK = { status: "ok" } as const;

test("a dependency that hangs is away after two seconds, and is asked once however many probes there are", async () => {
  let asked = 0;
  const hanging: Dependency = {
    name: "queue",
    isNeeded: true,
    otherwise: { status: "unavailable", reason: "It does not answer." },
    check() {
      asked += 1;
      return new Promise(() => undefined);
    },
  };
  const readiness = createReadiness([dependency("database", true, async () => OK), hanging]);
  const startedAt = performance.now();

  const [first] = await Promise.all([readiness.report(), readiness.report(), readiness.report()]);

  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(first).toEqual({
    status: "unavailable",
    checks: [
      { name: "database", status: "ok" },
      { name: "queue", status: "unavailable", reason: "It does not answer." },
    ],
  });
  expect(asked).toBe(1);
});

test("what an error says is not told; without what is not needed, or with a warning, a process is degraded", async () => {
  const failing = async () => {
    throw new Error("password authentication failed at postgres://me:secret@host/d");
  };
  const warned = async () => ({ status: "warning", reason: "Look at it." }) as const;

  expect(await createReadiness([dependency("queue", false, failing)]).report()).toEqual({
    status: "degraded",
    checks: [{ name: "queue", status: "unavailable", reason: "It is away." }],
  });
  expect(await createReadiness([dependency("schema", true, warned)]).report()).toMatchObject({
    status: "degraded",
  });
});

test("once turned off it says so, also to who asked before", async () => {
  const readiness = createReadiness([dependency("database", true, async () => OK)]);
  const asked = readiness.report();
  readiness.turnOff();
  expect([await asked, await readiness.report()]).toMatchObject([
    { status: "stopping" },
    { status: "stopping" },
  ]);
});

function dependency(name: string, isNeeded: boolean, check: Dependency["check"]): Dependency {
  return { name, isNeeded, check, otherwise: { status: "unavailable", reason: "It is away." } };
}
