import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { joinEmbeddedPostgres, ownEmbeddedPostgres } from "@bulk/local/postgres/embedded-postgres";
import { EmbeddedPostgresError } from "@bulk/local/postgres/embedded-postgres-error";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";

const sourceFile = fileURLToPath(
  new URL("../../packages/local/src/postgres/embedded-postgres.ts", import.meta.url),
);
const isRoot = process.getuid?.() === 0;

test("what was written is there after a restart, on the same port", async () => {
  const dataDir = await createDataDir();
  const first = await ownEmbeddedPostgres(dataDir);
  await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
  await first.close();
  await expect(query(first.url, "SELECT 1")).rejects.toThrow("ECONNREFUSED");

  const second = await ownEmbeddedPostgres(dataDir);
  expect(second.url).toBe(first.url);
  expect(await query(second.url, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  await second.close();
});

test("the server is durable, speaks UTF-8 and asks for the password, which only the owner can read", async () => {
  const dataDir = await createDataDir();
  const { url, close } = await ownEmbeddedPostgres(dataDir);
  const settings = `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
    current_setting('server_encoding') AS encoding, upper('é') AS upper`;
  expect(await query(url, settings)).toEqual([{ fsync: "on", commit: "on", encoding: "UTF8", upper: "É" }]);
  const stranger = new URL(url);
  stranger.password = "guessed";
  await expect(query(stranger.href, "SELECT 1")).rejects.toThrow("password authentication failed");
  expect((await stat(join(dataDir, "postgres.json"))).mode & 0o777).toBe(0o600);
  await close();
});

test("a remembered port that somebody else has taken is replaced, and the new one is remembered", async () => {
  const dataDir = await createDataDir();
  const first = await ownEmbeddedPostgres(dataDir);
  await first.close();
  const squatter = createServer().listen(Number(new URL(first.url).port), "127.0.0.1");
  await once(squatter, "listening");

  const second = await ownEmbeddedPostgres(dataDir);
  expect(second.url).not.toBe(first.url);
  expect(await query(second.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await second.close();
  squatter.close();
  await once(squatter, "close");

  const third = await ownEmbeddedPostgres(dataDir);
  expect(third.url).toBe(second.url);
  await third.close();
});

test("a second owner is refused and told which process to stop", async () => {
  const dataDir = await createDataDir();
  const owner = await ownEmbeddedPostgres(dataDir);
  const second = ownEmbeddedPostgres(dataDir);
  await expect(second).rejects.toThrow(EmbeddedPostgresError);
  await expect(second).rejects.toThrow(
    `in ${dataDir} is already running (process ${process.pid}). Stop that process or set another DATA_DIR.`,
  );
  expect(await query(owner.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await owner.close();
});

test("a command beside the owner leaves the server running", async () => {
  const dataDir = await createDataDir();
  const owner = await ownEmbeddedPostgres(dataDir);
  const joined = await joinEmbeddedPostgres(dataDir);
  expect(joined.url).toBe(owner.url);
  await joined.close();
  expect(await query(owner.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await owner.close();
});

test("a command alone starts the server and stops it", async () => {
  const dataDir = await createDataDir();
  const joined = await joinEmbeddedPostgres(dataDir);
  expect(await query(joined.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await joined.close();
  await expect(query(joined.url, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
});

test("a command that started the server leaves it to an owner that came meanwhile", async () => {
  const dataDir = await createDataDir();
  const joined = await joinEmbeddedPostgres(dataDir);
  const owner = await ownEmbeddedPostgres(dataDir);
  await joined.close();
  expect(await query(owner.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await owner.close();
});

test("the server of an owner that was killed is taken over as it runs", async () => {
  const dataDir = await createDataDir();
  const { child, firstLine } = startOwner(dataDir);
  expect(await firstLine).toMatch(/^postgres:/);
  const server = await readServerProcessId(dataDir);
  await kill(child);

  const heir = await ownEmbeddedPostgres(dataDir);
  expect(heir.url).toBe(await firstLine);
  expect(await readServerProcessId(dataDir)).toBe(server);
  await heir.close();
  await expect(query(heir.url, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
});

test("owner and server killed together start again", async () => {
  const dataDir = await createDataDir();
  const { child, firstLine } = startOwner(dataDir);
  await query(await firstLine, "CREATE TABLE kept AS SELECT 42 AS answer");
  process.kill(await readServerProcessId(dataDir), "SIGKILL");
  await kill(child);

  const next = await ownEmbeddedPostgres(dataDir);
  expect(await query(next.url, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  await next.close();
});

test("an owner survives the death of its server, and can close", async () => {
  const dataDir = await createDataDir();
  const owner = await ownEmbeddedPostgres(dataDir);
  process.kill(await readServerProcessId(dataDir), "SIGKILL");
  await eventually(() => expect(query(owner.url, "SELECT 1")).rejects.toThrow("ECONNREFUSED"));
  await owner.close();
});

test("a process id left by a crash that now is an unrelated process's does not prevent a start", async () => {
  const dataDir = await createDataDir();
  const owner = await ownEmbeddedPostgres(dataDir);
  const server = await readServerProcessId(dataDir);
  process.kill(server, "SIGKILL");
  await eventually(() => expect(query(owner.url, "SELECT 1")).rejects.toThrow("ECONNREFUSED"));
  await owner.close();
  const unrelated = spawn("sleep", ["600"], { stdio: "ignore" });
  onTestFinished(() => kill(unrelated));
  const pidFile = join(dataDir, "postgres", "postmaster.pid");
  await writeFile(pidFile, (await readFile(pidFile, "utf8")).replace(String(server), String(unrelated.pid)));

  const next = await ownEmbeddedPostgres(dataDir);
  expect(await query(next.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await next.close();
  expect(unrelated.exitCode ?? unrelated.signalCode).toBeNull();
});

test("a cluster whose making was interrupted is made anew", async () => {
  const dataDir = await createDataDir();
  const { child } = startOwner(dataDir);
  await eventually(async () => {
    expect(await readdir(dataDir)).toContainEqual(expect.stringMatching(/^postgres\.new-/));
  });
  await kill(child);
  expect(existsSync(join(dataDir, "postgres"))).toBe(false);

  const next = await ownEmbeddedPostgres(dataDir);
  expect(await query(next.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await next.close();
});

test("of two that begin at once in an empty directory one owns the server and the other is told", async () => {
  const dataDir = await createDataDir();
  const contenders = [startOwner(dataDir), startOwner(dataDir)];
  const lines = await Promise.all(contenders.map(({ firstLine }) => firstLine));
  expect(lines.filter((line) => line.startsWith("postgres:"))).toHaveLength(1);
  const owner = contenders[lines.findIndex((line) => line.startsWith("postgres:"))];
  expect(lines).toContainEqual(expect.stringContaining(`is already running (process ${owner?.child.pid})`));
  await Promise.all(contenders.map(({ child }) => kill(child)));
});

test("a cluster of another major version is named, and left alone", async () => {
  const dataDir = await createDataDir();
  const owner = await ownEmbeddedPostgres(dataDir);
  await owner.close();
  const versionFile = join(dataDir, "postgres", "PG_VERSION");
  const version = await readFile(versionFile, "utf8");
  await writeFile(versionFile, "12\n");
  await expect(ownEmbeddedPostgres(dataDir)).rejects.toThrow(/was made by PostgreSQL 12; this is 1\d\./);
  await writeFile(versionFile, version);
});

test("a server that does not come up is reported with the end of its log", async () => {
  const dataDir = await createDataDir();
  const owner = await ownEmbeddedPostgres(dataDir);
  await owner.close();
  const configuration = join(dataDir, "postgres", "postgresql.conf");
  const before = await readFile(configuration, "utf8");
  await writeFile(configuration, "wal_level = nonsense\n");
  const failed = ownEmbeddedPostgres(dataDir);
  await expect(failed).rejects.toThrow(EmbeddedPostgresError);
  await expect(failed).rejects.toThrow(/invalid value for parameter "wal_level": "nonsense"/);
  await writeFile(configuration, before);
});

test.runIf(isRoot)("root runs it where nobody else can enter", async () => {
  const dataDir = await createDataDir();
  await chmod(dataDir, 0o700);
  const owner = await ownEmbeddedPostgres(dataDir, ["namespace"]);
  expect(await query(owner.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  expect((await stat(join(dataDir, "postgres"))).uid).toBe(0);
  await owner.close();
});

test.runIf(isRoot && isOpenToAll(sourceFile))(
  "where there are no user namespaces root runs it as another user, and again as that one",
  async () => {
    const dataDir = await createDataDir();
    await chmod(dataDir, 0o755);
    const first = await ownEmbeddedPostgres(dataDir, ["user"]);
    await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    expect((await stat(join(dataDir, "postgres"))).uid).not.toBe(0);
    await first.close();
    const second = await ownEmbeddedPostgres(dataDir);
    expect(await query(second.url, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
    await second.close();
  },
);

test.runIf(isRoot)("root is told what to do when no other user reaches the directory", async () => {
  const dataDir = await createDataDir();
  await chmod(dataDir, 0o700);
  await expect(ownEmbeddedPostgres(dataDir, ["user"])).rejects.toThrow(
    /refuses to run as root.*Run this as a normal user, or set DATABASE_URL/,
  );
});

/** Removed after the test, which fails if somebody still owns the server in it. */
async function createDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "embedded-postgres-"));
  onTestFinished(async () => {
    if (existsSync(join(dataDir, "postgres"))) await (await ownEmbeddedPostgres(dataDir)).close();
    await rm(dataDir, { recursive: true, maxRetries: 10 });
  });
  return dataDir;
}

/** A process that owns the server until it is killed; says the URL, or why not. */
function startOwner(dataDir: string) {
  const script = `
    import { ownEmbeddedPostgres } from ${JSON.stringify(sourceFile)};
    const owned = ownEmbeddedPostgres(${JSON.stringify(dataDir)});
    console.log(await owned.then(({ url }) => url, String));
    process.stdin.resume();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => kill(child));
  const firstLine = once(createInterface(child.stdout), "line").then(([line]) => String(line));
  return { child, firstLine };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function readServerProcessId(dataDir: string): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8"), 10);
}

function isOpenToAll(path: string): boolean {
  const parent = dirname(path);
  return parent === path || ((statSync(parent).mode & 0o001) !== 0 && isOpenToAll(parent));
}

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
