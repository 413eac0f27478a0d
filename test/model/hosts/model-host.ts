import type { Registry } from "@bulk/actions/registry";
import type { KeyType } from "@bulk/domain/keys/key-type";
import type { ShopperDeed } from "../shopper.ts";

/** Whose tables the runs take place on; the action is `delete_products`. */
export type ModelHost = {
  readonly registry: Registry;
  readonly keyType: KeyType;
  /** Whether rows go with a product: then some of these refuse or are kept. */
  readonly hasParts: boolean;
  /** Whether the database itself refuses to remove a product with an order, whenever that came. */
  readonly enforcesOrders: boolean;
  /** Creates the tables that the template does not have, and what lets some records refuse, each in its way. */
  readonly tables: string;
  /** The id of a record of a run, counted from 0; ids ascend, so that a replay locks in the same order. */
  writeId(run: number, index: number): string;
  /**
   * Fills the shop of a run: the account `$1`, another one `$2`, and records with the ids `$3` of the kinds `$4`. `$5` is
   * the number of the run as a text.
   */
  readonly fill: string;
  /**
   * Of the ids `$1`, those of records that are there for the shop, as `id`. `is_torn`: what goes with the record is in
   * another state than the record, which then need not be there.
   */
  readonly look: string;
  /** What a shopper does to the record `$1` in the account `$2`; it is done if one row comes of it. */
  readonly deeds: Readonly<Record<ShopperDeed, string>>;
  /** Does again, for every product that is gone, what the steps of the action do; a planted bug uses it. */
  readonly stepsApart?: string;
};

/** The functions of triggers: `refuse` with the SQLSTATE that it is given, and `keep`, which says nothing. */
export const REFUSALS = `
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = TG_ARGV[0]; END $$;
  -- A shopper who meant to remove a whole product must not remove a part of it.
  CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF current_setting('application_name') = 'shopper' THEN
        RAISE EXCEPTION 'kept' USING ERRCODE = 'P0001';
      END IF;
      RETURN NULL;
    END $$;`;
