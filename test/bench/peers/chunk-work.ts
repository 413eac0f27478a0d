import { applyNextChunk } from "@bulk/store/chunks/apply-chunk";
import { type Database, openDatabase } from "@bulk/store/database";
import { findSqlstate } from "@bulk/store/sqlstate";
import { deleteProducts } from "../../support/registry.ts";
import { CONCURRENCY, type PeerJob } from "./peer.ts";

/** What one job does. */
export type PeerWork = (database: Database, job: PeerJob) => Promise<void>;

/** The statement our own worker runs, with the same bookkeeping. Each job takes one chunk, whichever is next. */
export async function applyChunk(database: Database, { bulkActionId }: PeerJob): Promise<void> {
  const source = { bulkActionId, actionType: deleteProducts.type, generation: 1 };
  const report = await applyNextChunk(database, source, deleteProducts);
  if (report === undefined) throw new Error(`There is no chunk left of ${bulkActionId}.`);
}

/** One delete after the other, and the same bookkeeping at the end. */
export async function deleteInLoop(database: Database, job: PeerJob): Promise<void> {
  const where = { bulkActionId_position: { bulkActionId: job.bulkActionId, position: job.position } };
  const { recordIds } = await database.bulkActionChunk.findUniqueOrThrow({ where });
  const skipped: { readonly id: string; readonly code: string }[] = [];
  for (const id of recordIds) {
    const code = await deleteOne(database, id);
    if (code !== undefined) skipped.push({ id, code });
  }
  await database.bulkActionChunk.update({
    where,
    data: {
      ...{ doneCount: recordIds.length, finishedAt: new Date(), skippedCount: skipped.length },
      deletedCount: recordIds.length - skipped.length,
      skippedIds: skipped.map(({ id }) => id),
      skippedCodes: skipped.map(({ code }) => code),
    },
  });
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html: a foreign key refuses.
const REFUSED = ["23001", "23503"];

/** Answers why the record was skipped, if it was. */
async function deleteOne(database: Database, id: string): Promise<string | undefined> {
  try {
    const count = await database.$executeRaw`DELETE FROM public.products WHERE id = ${id}::uuid`;
    return count === 0 ? "record.not_found" : undefined;
  } catch (error) {
    if (!REFUSED.includes(findSqlstate(error) ?? "")) throw error;
    return "record.in_use";
  }
}

/** A pool for a peer's jobs, with the limits our own worker sets. */
export function openPeerDatabase(databaseUrl: string): Database {
  return openDatabase({
    url: databaseUrl,
    applicationName: "bench peer",
    poolSize: CONCURRENCY,
    lockTimeoutMs: 2_000,
    statementTimeoutMs: 15_000,
  });
}
