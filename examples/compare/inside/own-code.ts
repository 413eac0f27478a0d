import { createRequire } from "node:module";
import { join } from "node:path";

/** The code of a shop, running on a database of its own. */
export type OwnCode = {
  /** Creates the tables if there are none, and fills them with a shop that has been used. */
  fill(): Promise<void>;
  /** Deletes one product as the shop's own administration does. Throws if the shop refuses. */
  deleteProduct(id: string): Promise<unknown>;
  /** Deletes one customer, likewise. */
  deleteCustomer(id: string): Promise<unknown>;
};

/** The ids of records, as the shop's API spells them. */
export type Records = { readonly products: readonly string[]; readonly customers: readonly string[] };

export type Place = {
  /** The folder that the shop's packages are installed in. */
  readonly folder: string;
  readonly databaseUrl: string;
};

/**
 * Returns a function that loads packages from the shop's folder. They are no dependencies of this repository, so their
 * types are unknown here.
 */
export function loadFrom(folder: string): NodeJS.Require {
  return createRequire(join(folder, "package.json"));
}
