import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

/*
 * The shop that a bulk action must not disturb, as a process of its own. Connects, places a few orders, and writes
 * `shop is ready`. From SIGUSR2 on, checkouts arrive at a fixed rate, whether earlier ones have ended or not. At
 * SIGTERM it waits for those under way and writes all of them as one line of JSON.
 */

/** One checkout. Latency counts from the moment it was due, so that a wait for a connection is part of it. */
export type Checkout = {
  /** In milliseconds since 1970. */
  readonly dueAt: number;
  readonly milliseconds: number;
  /** The database refused it: one of its products has been deleted. */
  readonly isRefused: boolean;
};

const { DATABASE_URL = "", ACCOUNT_ID = "", PRODUCT_IDS = "", PER_SECOND = "" } = process.env;
const CONNECTIONS = 10;
const LINES = 3;
const FOREIGN_KEY_VIOLATION = "23503";

const productIds = PRODUCT_IDS.split(",");
const everyMs = 1_000 / Number(PER_SECOND);
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: CONNECTIONS, application_name: "shop" });

await Promise.all(Array.from({ length: CONNECTIONS }, () => checkOut()));
console.log("shop is ready");
await once(process, "SIGUSR2");
const closing = new AbortController();
process.once("SIGTERM", () => closing.abort());
const checkouts = await Promise.all(await openShop(closing.signal));
await pool.end();
console.log(JSON.stringify(checkouts));

async function openShop(closes: AbortSignal): Promise<readonly Promise<Checkout>[]> {
  const opensAt = performance.now();
  const placed: Promise<Checkout>[] = [];
  for (let dueAt = opensAt; !closes.aborted; dueAt += everyMs) {
    await wait(dueAt - performance.now(), undefined, { signal: closes }).catch(() => undefined);
    if (!closes.aborted) placed.push(timeCheckout(dueAt));
  }
  return placed;
}

async function timeCheckout(dueAt: number): Promise<Checkout> {
  const isRefused = (await checkOut()) === "refused";
  return { dueAt: performance.timeOrigin + dueAt, milliseconds: performance.now() - dueAt, isRefused };
}

async function checkOut(): Promise<"placed" | "refused"> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const { rows } = await client.query({
      name: "order",
      text: "INSERT INTO public.orders (account_id) VALUES ($1) RETURNING id",
      values: [ACCOUNT_ID],
    });
    await client.query({
      name: "lines",
      text: "INSERT INTO public.line_items (order_id, product_id) SELECT $1, unnest($2::uuid[])",
      values: [rows[0]?.id, drawProducts()],
    });
    await client.query("COMMIT");
    return "placed";
  } catch (error) {
    await client.query("ROLLBACK");
    if (error instanceof pg.DatabaseError && error.code === FOREIGN_KEY_VIOLATION) return "refused";
    throw error;
  } finally {
    client.release();
  }
}

function drawProducts(): readonly (string | undefined)[] {
  return Array.from({ length: LINES }, () => productIds[Math.floor(Math.random() * productIds.length)]);
}
