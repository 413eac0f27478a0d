import type { TestDatabase } from "./test-database.ts";

/** Makes the database refuse to delete this product. */
export async function refuseDeletion(database: TestDatabase, productId: string | undefined): Promise<void> {
  await database.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'Refused by a rule of the shop' USING ERRCODE = '23514'; END $$`);
  await database.query(
    `CREATE TRIGGER refuse BEFORE DELETE ON products FOR EACH ROW
       WHEN (OLD.id = '${productId}') EXECUTE FUNCTION refuse()`,
  );
}
