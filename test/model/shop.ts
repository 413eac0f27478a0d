import type { TestDatabase } from "../support/test-database.ts";
import type { ModelHost } from "./hosts/model-host.ts";
import type { RecordKind } from "./model.ts";

/** The account of a run and the ids its bulk actions may name. */
export type Shop = { readonly accountId: string; readonly recordIds: readonly string[] };

/** Fills a shop of the run's own. */
export async function fillShop(
  database: TestDatabase,
  host: ModelHost,
  run: number,
  kinds: readonly RecordKind[],
): Promise<Shop> {
  const recordIds = kinds.map((_, index) => host.writeId(run, index));
  const prefix = run.toString(16).padStart(8, "0");
  const [accountId, otherId] = ["a", "b"].map((letter) => `${prefix}-0000-4000-8000-${letter.repeat(12)}`);
  await database.query(host.fill, [accountId, otherId, recordIds, kinds, String(run)]);
  return { accountId: String(accountId), recordIds };
}
