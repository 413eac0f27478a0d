import pg from "pg";
import { Violation } from "./violation.ts";

/** What somebody else does to a record of the shop. */
export type ShopperDeed = "order" | "remove" | "hold";

/** What came of it. */
export type DeedResult = "done" | "refused";

/** Somebody else in the shop, who never waits long for a lock. */
export type Shopper = {
  /** What they have done and not committed. */
  open(): OpenDeed | undefined;
  /** In one transaction of its own. */
  doAtOnce(deed: ShopperDeed, record: ShopRecord): Promise<DeedResult>;
  /** In a transaction that stays open until `leave`; only while none is. */
  begin(deed: ShopperDeed, record: ShopRecord): Promise<DeedResult>;
  leave(how: "COMMIT" | "ROLLBACK"): Promise<void>;
  dispose(): Promise<void>;
};

export type ShopRecord = { readonly index: number; readonly id: string; readonly accountId: string };

export type OpenDeed = { readonly deed: ShopperDeed; readonly record: ShopRecord };

/** The name of the shopper's sessions. */
export const SHOPPER_NAME = "shopper";

/** @param deeds statements of one row, if they are done: of the record `$1`, of the account `$2` */
export async function createShopper(
  url: string,
  deeds: Readonly<Record<ShopperDeed, string>>,
): Promise<Shopper> {
  const [one, other] = [await connect(url), await connect(url)];
  let open: OpenDeed | undefined;
  return {
    open: () => open,
    doAtOnce: (deed, record) => perform(other, deeds[deed], record),
    async begin(deed, record) {
      // So that what is done can be committed.
      await one.query("BEGIN; SET CONSTRAINTS ALL IMMEDIATE");
      const result = await perform(one, deeds[deed], record);
      if (result === "done") open = { deed, record };
      else await one.query("ROLLBACK");
      return result;
    },
    async leave(how) {
      open = undefined;
      await one.query(how);
    },
    async dispose() {
      await Promise.all([one.end(), other.end()]);
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: SHOPPER_NAME });
  await client.connect();
  await client.query("SET lock_timeout = 5");
  return client;
}

async function perform(client: pg.Client, deed: string, { id, accountId }: ShopRecord): Promise<DeedResult> {
  try {
    const { rowCount } = await client.query(deed, deed.includes("$2") ? [id, accountId] : [id]);
    return rowCount === 1 ? "done" : "refused";
  } catch (error) {
    if (error instanceof pg.DatabaseError && EXPECTED.has(error.code ?? "")) return "refused";
    throw new Violation(`the shopper was refused for no known reason: ${error}`);
  }
}

// A foreign key, a lock held by somebody else, the trigger of a product that refuses.
const EXPECTED: ReadonlySet<string> = new Set(["23001", "23503", "55P03", "P0001", "53100"]);
