import type pg from "pg";
import type { LedgerTable } from "../ledger.ts";
import type { Random } from "../random.ts";
import type { ActionType, ChaosShop } from "../shop.ts";

export type ShopSize = { readonly products: number; readonly customers: number; readonly inUse: number };

/** Whose tables hold the records of a run: how they are made, declared, used by their own shop, and looked at. */
export type ChaosHost = {
  /** The content of the file of `RECORDS`; without one the service has the sample shop's. */
  readonly declaration: object | undefined;
  /** As the services connect to the database of this URL. */
  serviceUrl(databaseUrl: string): string;
  /** Creates the tables, if the host has some of its own, and the role that the services have. */
  prepare(database: pg.Pool): Promise<unknown>;
  /** Creates an account with its records; called for the numbers from 1. */
  fill(databaseUrl: string, database: pg.Pool, number: number, size: ShopSize): Promise<ChaosShop>;
  /** An id of the right form that no record has. */
  unknownId(random: Random): string;
  /**
   * Views in the schema `chaos`, and triggers: `present (action_type, record_id, account_id)` holds every record that
   * exists for the shop, `lines (id, record_id)` what keeps products from being deleted, and `orders (id, account_id)`.
   * The triggers write to `chaos.deletions` what has gone and to `chaos.restorations` what somebody else than the shop has
   * brought back, in which transaction, and call `chaos.be_slow ()` after it.
   */
  readonly lens: string;
  /** Every table that a bulk action could change. */
  readonly tables: readonly LedgerTable[];
  /** What the shop does between the deletions and the restores, so that some records cannot come back. */
  readonly obstacles: readonly Obstacle[];
  /** Statements for the end: which records the host's own rules keep, noted in `chaos.vetoed` and `chaos.wished`. */
  readonly rules: string;
  /** Whether the database itself refuses to remove a product with a line, whenever the line came. */
  readonly enforcesLines: boolean;
  /** A statement of the shop: of the products `$1`, at most `$2` get an order line. */
  readonly placeOrder: string;
  /** A statement of the shop: at most `$2` of the customers `$1` order something; `undefined`: no customer does. */
  readonly placeOrderOf?: string;
  /** Statements of the shop that edit some records: of `$1`, at most `$2`. */
  readonly edit: Readonly<Record<ActionType, string>>;
  /** What only this host's tables can show: queries of sentences, as in `check-deletions.ts`. */
  readonly checks: readonly string[];
};

/** Something that keeps records of a type away: a statement of the shop over `victim (record_id, account_id)`, and its code. */
export type Obstacle = { readonly actionType: ActionType; readonly code: string; readonly create: string };
