import { randomBytes } from "node:crypto";
import { rememberTokens } from "@bulk/api/auth/known-tokens";
import { collectTokenUses } from "@bulk/api/auth/token-uses";
import { createToken, recordTokenUses } from "@bulk/store/accounts/api-tokens";
import { type Database, openDatabase } from "@bulk/store/database";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAnotherApi } from "../support/another-api.ts";
import { fetchDocumented } from "../support/documented.ts";
import { eventually } from "../support/eventually.ts";
import { openObservedApi } from "../support/observed-api.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestService, type TestService } from "../support/test-service.ts";

const COLLECTION = "/v1/bulk_actions";

let service: TestService;
let database: Database;
let accountId: string;

beforeAll(async () => {
  service = await openTestService();
  database = connect(service.database.url);
  ({ accountId } = await service.fillShop({}));
});

afterAll(async () => {
  await database.$disconnect();
  await service[Symbol.asyncDispose]();
});

describe("a token", () => {
  test("is a secret that scanners can tell, and is not kept", async () => {
    const token = await mint();
    expect(token).toMatch(/^bulk_live_[\w-]{43}$/);
    const rows = await service.database.query("SELECT api_tokens::text AS kept FROM bulk.api_tokens");
    expect(rows.length).toBeGreaterThan(0);
    for (const { kept } of rows) expect(kept).not.toContain(token.slice("bulk_live_".length));
  });

  test("that was used a moment ago costs no query", async () => {
    const token = await mint();
    // Bulk actions tell of the token that submitted them, so answering those does read tokens.
    const status = () => statusOf(token, service.url, "/v1/webhook_endpoints");
    expect(await status()).toBe(200);
    const locker = new pg.Client({ connectionString: service.database.url });
    await locker.connect();
    await locker.query("BEGIN; LOCK TABLE bulk.api_tokens");
    try {
      expect(await status()).toBe(200);
    } finally {
      await locker.end();
    }
  });

  test.each([
    ["revoked", "revoked_at = now()", 401],
    ["expired", "expires_at = now()", 401],
    ["without the scope", "scopes = '{}'", 403],
  ])("is %s within seconds, however busy it is", async (_what, change, status) => {
    const token = await mint();
    expect(await statusOf(token)).toBe(200);
    await alter(token, change);
    await eventually(async () => expect(await statusOf(token)).toBe(status), 4_000);
  });

  test("ends on time although it is remembered", async () => {
    const token = await mint();
    await alter(token, "expires_at = '2030-01-01'");
    const tokens = rememberTokens(database);
    expect(await tokens.findCaller(token, new Date("2029-12-31"), "trusted")).toMatchObject({ accountId });
    expect(await tokens.findCaller(token, new Date("2030-01-01"), "trusted")).toBeUndefined();
  });

  test("works as soon as it is there, even if it was tried before", async () => {
    const secret = `bulk_live_early${Date.now()}`;
    expect(await statusOf(secret)).toBe(401);
    await createToken(database, { accountId, name: "early", scopes: ["bulk_actions:read"], secret });
    expect(await statusOf(secret)).toBe(200);
  });
});

describe("wrong tokens", () => {
  test("are answered with 429 after twenty from one address; a valid one from there works, a new one as well", async () => {
    await using api = await openAnotherApi(service, { TRUSTED_PROXIES: "127.0.0.0/8, ::1" });
    const send = (secret: string, from: string) => ask(api.url, secret, { "x-forwarded-for": from });
    const valid = await mint();
    expect((await send(valid, "192.0.2.1")).status).toBe(200);
    for (let n = 0; n < 20; n += 1) expect((await send(guess(), "192.0.2.1")).status).toBe(401);

    const refused = await send(guess(), "192.0.2.1");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: "token.too_many_invalid" });
    expect((await send(valid, "192.0.2.1")).status).toBe(200);
    expect((await send(await mint(), "192.0.2.1")).status).toBe(200);
    expect((await send(guess(), "192.0.2.2")).status).toBe(401);
  });

  test("cost no query each, many at once or the same again, once an address guesses", async () => {
    await using api = await openObservedApi(service);
    const send = async (secret: string) => (await ask(api.url, secret)).status;
    await Promise.all(Array.from({ length: 21 }, () => send(guess())));
    const before = api.statements();
    const [again, ...others] = Array.from({ length: 400 }, guess);
    const answers = await Promise.all([...others, ...others.map(() => String(again))].map(send));
    expect(new Set(answers)).toEqual(new Set([429]));
    expect(api.statements() - before).toBeLessThan(200);
  });

  test("are counted by the socket's address where no proxy is trusted, whatever the caller says", async () => {
    await using api = await openAnotherApi(service);
    const send = async (from: string) => (await ask(api.url, guess(), { "x-forwarded-for": from })).status;
    for (let n = 0; n < 20; n += 1) expect(await send(`192.0.2.${n}`)).toBe(401);
    expect(await send("192.0.2.99")).toBe(429);
  });
});

describe("the last use of a token", () => {
  test("is written down without a write per request, at the latest when the API stops", async () => {
    const [one, other, unused] = [await mint(), await mint(), await mint()];
    await service.database.query(`
      CREATE TABLE writes ();
      CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN INSERT INTO writes DEFAULT VALUES; RETURN NULL; END $$;
      CREATE TRIGGER count_write AFTER UPDATE ON bulk.api_tokens FOR EACH STATEMENT EXECUTE FUNCTION count_write()`);
    {
      await using api = await openAnotherApi(service);
      for (let request = 0; request < 20; request++) {
        expect(await statusOf(request % 2 === 0 ? one : other, api.url)).toBe(200);
      }
      expect(await statusOf(`${unused}x`, api.url)).toBe(401);
    }
    expect(await lastUseOf(one)).toBeInstanceOf(Date);
    expect(await lastUseOf(other)).toBeInstanceOf(Date);
    expect(await lastUseOf(unused)).toBeNull();
    // Twenty requests in more than the ten seconds between two writes are not likely, but no fault.
    expect((await service.database.query("SELECT FROM writes")).length).toBeLessThanOrEqual(2);
    await service.database.query(
      "DROP TRIGGER count_write ON bulk.api_tokens; DROP FUNCTION count_write; DROP TABLE writes",
    );
  });

  test("is written down while the API runs, and after the database was away", async () => {
    const token = await mint();
    await using proxy = await openTcpProxy(service.database.url);
    const reached = connect(proxy.url);
    await proxy.cut();
    let failures = 0;
    const uses = collectTokenUses(reached, 20, () => {
      failures += 1;
    });
    const now = new Date("2029-12-31T23:59:59.123Z");
    uses.note(await idOf(token), now);
    await eventually(() => expect(failures).toBeGreaterThan(1));
    expect(await lastUseOf(token)).toBeNull();

    await proxy.mend();
    await eventually(async () => expect(await lastUseOf(token)).toEqual(now));
    await uses.stop();
    await reached.$disconnect();
  });

  test("is the latest, whichever process reports first", async () => {
    const id = await idOf(await mint());
    const [earlier, later] = [new Date("2029-01-01"), new Date("2029-01-02")];
    await recordTokenUses(database, new Map([[id, later]]));
    await recordTokenUses(database, new Map([[id, earlier]]));
    const [row] = await service.database.query("SELECT last_used_at FROM bulk.api_tokens WHERE id = $1", [
      id,
    ]);
    expect(row).toEqual({ last_used_at: later });
  });
});

const OF_SECRET = "WHERE digest = sha256(convert_to($1, 'UTF8'))";

async function mint(): Promise<string> {
  return (await service.fillShop({})).token;
}

async function alter(token: string, change: string): Promise<void> {
  await service.database.query(`UPDATE bulk.api_tokens SET ${change} ${OF_SECRET}`, [token]);
}

async function idOf(token: string): Promise<string> {
  const [row] = await service.database.query<{ id: string }>(`SELECT id FROM bulk.api_tokens ${OF_SECRET}`, [
    token,
  ]);
  return row?.id ?? "";
}

async function lastUseOf(token: string): Promise<unknown> {
  const [row] = await service.database.query(`SELECT last_used_at FROM bulk.api_tokens ${OF_SECRET}`, [
    token,
  ]);
  return row?.["last_used_at"];
}

function guess(): string {
  return `bulk_live_${randomBytes(32).toString("base64url")}`;
}

function ask(url: string, secret: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetchDocumented(`${url}${COLLECTION}`, {
    headers: { authorization: `Bearer ${secret}`, ...headers },
  });
}

async function statusOf(token: string, url = service.url, path = COLLECTION): Promise<number> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
}

function connect(url: string): Database {
  return openDatabase({
    ...{ url, applicationName: "test tokens", poolSize: 1 },
    ...{ lockTimeoutMs: 2_000, statementTimeoutMs: 5_000 },
  });
}
