import { deleteProducts } from "@bulk/actions/delete-products";
import { applyNextChunk } from "@bulk/store/chunks";
import { type Database, openDatabase } from "@bulk/store/database";
import { CONCURRENCY, type PeerJob } from "./peer.ts";

/** What one job does. */
export type PeerWork = (database: Database, job: PeerJob) => Promise<void>;

/** The statement our own worker runs, with the same bookkeeping. Each job takes one chunk, whichever is next. */
export async function applyChunk(database: Database, { bulkActionId }: PeerJob): Promise<void> {
  const source = { bulkActionId, actionType: deleteProducts.type, generation: 1 };
  const report = await applyNextChunk(database, source, deleteProducts);
  if (report === undefined) throw new Error(`There is no chunk left of ${bulkActionId}.`);
}

/** One `prisma.product.delete` after the other, and the same bookkeeping at the end. */
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

// https://www.prisma.io/docs/orm/reference/error-reference: P2003 a foreign key refuses, P2025 no such record.
const SKIP_CODES: Readonly<Record<string, string>> = { P2003: "record.in_use", P2025: "record.not_found" };

/** Answers why the record was skipped, if it was. */
async function deleteOne(database: Database, id: string): Promise<string | undefined> {
  try {
    await database.product.delete({ where: { id } });
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? SKIP_CODES[String(error.code)] : undefined;
    if (code === undefined) throw error;
    return code;
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
