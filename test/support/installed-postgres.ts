import { execFile } from "node:child_process";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFreePort } from "@bulk/local/stack/free-port";
import pg from "pg";

const run = promisify(execFile);

/**
 * Starts an installed PostgreSQL with new, empty data on a free port.
 *
 * @param programs the folder of `initdb` and `pg_ctl`, such as /usr/lib/postgresql/15/bin
 * @returns a superuser's URL to a database that nothing else uses
 */
export async function startInstalledPostgres(
  programs: string,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const user = await findUser();
  const directory = await mkdtemp(join(tmpdir(), "bulk-actions-postgres-"));
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  const port = await findFreePort(0);
  const pgdata = join(directory, "data");
  async function call(program: string, ...parameters: readonly string[]): Promise<void> {
    // Without pipes: the server would keep them open.
    await run("/bin/sh", ["-c", '"$0" "$@" >/dev/null', join(programs, program), ...parameters], {
      cwd: directory,
      ...user,
    });
  }
  await call("initdb", `--pgdata=${pgdata}`, "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8");
  const options = `-c port=${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
  const log = `--log=${join(directory, "log")}`;
  await call("pg_ctl", "start", "--wait", `--pgdata=${pgdata}`, log, `--options=${options}`);
  const url = `postgres://postgres@127.0.0.1:${port}`;
  await createDatabase(`${url}/postgres`);
  return {
    url: `${url}/${DATABASE}`,
    async close() {
      await call("pg_ctl", "stop", "--wait", "--mode=fast", `--pgdata=${pgdata}`);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const DATABASE = "bulk_actions";

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${DATABASE}`);
  await client.end();
}

// PostgreSQL refuses to run as root. Whoever installs it on Debian gets a user for it.
async function findUser(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => run("id", [flag, "postgres"])));
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
}
