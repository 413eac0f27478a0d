import { asServiceRole } from "../../support/service-role.ts";
import { estrange, moveAway } from "../../support/stranger.ts";
import type { ChaosHost } from "./chaos-host.ts";
import { ownHost } from "./own-host.ts";

// Of the records one in forty is vetoed, and one in four thousand has a deferred foreign key on it: each of those costs its
// chunk some twenty tries.
const KEEPING_RULES = `
  CREATE TEMP TABLE numbered AS
    SELECT record_id::uuid AS id, record_id, action_type, row_number() OVER (ORDER BY record_id) AS number FROM chaos.records_before;
  INSERT INTO chaos.vetoed SELECT record_id FROM numbered WHERE number % 40 = 0;
  INSERT INTO public.legal_holds SELECT record_id::uuid FROM chaos.vetoed;
  INSERT INTO chaos.wished SELECT record_id FROM numbered WHERE number % 4000 = 20;
  INSERT INTO public.wishlist (product_id) SELECT id FROM numbered
    WHERE number % 4000 = 20 AND action_type = 'delete_products';
  INSERT INTO public.wishlist (customer_id) SELECT id FROM numbered
    WHERE number % 4000 = 20 AND action_type = 'delete_customers';
  DROP TABLE numbered;`;

/** The sample shop in a database that others have built on, whose own rules keep some of the records. */
export const strangerHost: ChaosHost = {
  ...ownHost,
  async prepare(database) {
    const say = (sql: string) => database.query(sql);
    const { rows } = await database.query<{ name: string }>("SELECT current_database() AS name");
    await estrange(say);
    await moveAway(say, rows[0]?.name ?? "");
  },
  serviceUrl: asServiceRole,
  rules: KEEPING_RULES,
};
