import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

/**
 * The ways for root to run PostgreSQL, which refuses to run as root: in a user namespace that maps root to `nobody` (the
 * files stay owned and accessible by root), or as the user `postgres` or `nobody`.
 */
export type WayAsRoot = "namespace" | "user";

export type PostgresBinaries = {
  readonly majorVersion: string;
  /** Runs a program and waits for its end. Throws `EmbeddedPostgresError` with its output if it fails. */
  run(program: "initdb" | "pg_ctl", parameters: readonly string[]): Promise<void>;
  /** Changes the owner of a file or tree to the user that the programs run as, if that is another one. */
  handOver(path: string): Promise<void>;
};

/**
 * Finds the programs in the platform's npm package, and a way to run them that has access to `dataDir` and to `cluster`, if
 * it exists. Throws `EmbeddedPostgresError`.
 */
export async function findPostgresBinaries(
  dataDir: string,
  cluster: string,
  waysAsRoot: readonly WayAsRoot[],
): Promise<PostgresBinaries> {
  const programs = await importPrograms();
  const refusals: string[] = [];
  for (const runner of await listRunners(cluster, waysAsRoot)) {
    try {
      // Also checks that the runner has access to the directory.
      const probe = ["-c", '"$0" --version && cd "$1"', programs.postgres, dataDir];
      const [majorVersion = ""] = /\d+/.exec(await run(runner, "/bin/sh", probe)) ?? [];
      return bindBinaries(programs, runner, majorVersion);
    } catch (error) {
      refusals.push(String(error));
    }
  }
  const advice = isRoot()
    ? `PostgreSQL refuses to run as root, and no other user here reaches ${programs.postgres} and ${dataDir}. Run this as a normal user, or set DATABASE_URL to use a server of your own.`
    : `${programs.postgres} does not run here. Set DATABASE_URL to use a server of your own.`;
  throw new EmbeddedPostgresError([advice, ...refusals].join("\n"));
}

function bindBinaries(programs: ProgramPaths, runner: Runner, majorVersion: string): PostgresBinaries {
  return {
    majorVersion,
    async run(program, parameters) {
      await run(runner, programs[program], parameters);
    },
    async handOver(path) {
      const { uid, gid } = runner;
      if (uid !== undefined) await run(asSelf, "chown", ["-R", "--", `${uid}:${gid}`, path]);
    },
  };
}

const programPaths = z.object({ initdb: z.string(), pg_ctl: z.string(), postgres: z.string() });

type ProgramPaths = z.infer<typeof programPaths>;

async function importPrograms(): Promise<ProgramPaths> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return programPaths.parse(await import(name));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL here: the package ${name} is not installed or does not exist. Set DATABASE_URL to use a server of your own.`,
      { cause },
    );
  }
}

type Runner = { readonly prefix: readonly string[]; readonly uid?: number; readonly gid?: number };

const asSelf: Runner = { prefix: [] };

async function listRunners(cluster: string, waysAsRoot: readonly WayAsRoot[]): Promise<readonly Runner[]> {
  if (!isRoot()) return [asSelf];
  const owner = await stat(cluster).catch(() => undefined);
  // PostgreSQL accepts a cluster only from its owner.
  if (owner && owner.uid !== 0) return [{ prefix: [], uid: owner.uid, gid: owner.gid }];
  const runners = await Promise.all(waysAsRoot.map(listRunnersOf));
  return runners.flat();
}

async function listRunnersOf(way: WayAsRoot): Promise<readonly Runner[]> {
  switch (way) {
    case "namespace":
      return [{ prefix: ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"] }];
    case "user": {
      const users = await Promise.all(["postgres", "nobody"].map(findUser));
      return users.flat();
    }
  }
}

async function findUser(name: string): Promise<readonly Runner[]> {
  try {
    const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => run(asSelf, "id", [flag, name])));
    return [{ prefix: [], uid: Number(uid), gid: Number(gid) }];
  } catch {
    return [];
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function run(runner: Runner, program: string, parameters: readonly string[]): Promise<string> {
  const { prefix, ...user } = runner;
  const [command = program, ...rest] = [...prefix, program, ...parameters];
  const child = spawn(command, rest, {
    ...user,
    stdio: ["ignore", "pipe", "pipe"],
    // The user may have no access to the current directory.
    cwd: "/",
    // Ctrl-C must reach only this process, which then stops the program gracefully.
    detached: true,
  });
  await once(child, "spawn");
  const [output, complaints, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (code === 0) return output;
  throw new EmbeddedPostgresError(`${program} failed (exit code ${code}): ${complaints.trim()}`);
}
