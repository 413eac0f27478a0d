import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

/** A limit on the memory of processes, like that of a container. */
export type Cage = AsyncDisposable & {
  readonly kind: "cgroup v2" | "cgroup v1" | "heap limit";
  /** What to start a program with, before the program and its arguments. */
  readonly launcher: readonly string[];
  /** What the process took at most so far, in megabytes; `undefined` where nobody counts. */
  readPeakMb(pid: number): Promise<number | undefined>;
};

type Flavour = {
  readonly kind: Cage["kind"];
  readonly parent: string;
  readonly limit: string;
  readonly peak: string;
};

const FLAVOURS: readonly Flavour[] = [
  { kind: "cgroup v2", parent: "/sys/fs/cgroup", limit: "memory.max", peak: "memory.peak" },
  {
    kind: "cgroup v1",
    parent: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    peak: "memory.max_usage_in_bytes",
  },
];

/** Limits by a control group where this user may make one, and by Node's own limit on its heap where not. */
export async function openCage(name: string, megabytes: number): Promise<Cage> {
  for (const flavour of FLAVOURS) {
    const cage = await openGroup(name, megabytes, flavour).catch(() => undefined);
    if (cage !== undefined) return cage;
  }
  return {
    kind: "heap limit",
    // What Node would choose by itself within a container of this size.
    launcher: [
      "sh",
      "-c",
      `NODE_OPTIONS=--max-old-space-size=${Math.floor(0.55 * megabytes)} exec "$@"`,
      "sh",
    ],
    readPeakMb: readPeakOfProcess,
    async [Symbol.asyncDispose]() {},
  };
}

/** Linux alone tells it. */
async function readPeakOfProcess(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
}

async function openGroup(
  name: string,
  megabytes: number,
  { kind, parent, limit, peak }: Flavour,
): Promise<Cage> {
  const directory = `${parent}/bulk-actions-attack-${process.pid}-${name}`;
  await mkdir(directory);
  try {
    // Not a file of ours, where this is no control group.
    await writeFile(`${directory}/${limit}`, String(megabytes * 1024 ** 2), { flag: "r+" });
  } catch (error) {
    await rmdir(directory);
    throw error;
  }
  return {
    kind,
    launcher: ["sh", "-c", `echo $$ > ${directory}/cgroup.procs && exec "$@"`, "sh"],
    async readPeakMb() {
      const bytes = Number(await readFile(`${directory}/${peak}`, "utf8"));
      return Math.round(bytes / 1024 ** 2);
    },
    async [Symbol.asyncDispose]() {
      await removeGroup(directory);
    },
  };
}

/** A process that has just ended still counts for a moment. */
async function removeGroup(directory: string): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const isGone = await rmdir(directory).then(
      () => true,
      () => false,
    );
    if (isGone) return;
    await wait(100);
  }
}
