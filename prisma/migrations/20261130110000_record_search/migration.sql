-- AlterTable
ALTER TABLE "bulk"."bulk_actions" ADD COLUMN "is_searchable" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "bulk"."record_runs" (
    "id" INTEGER NOT NULL,
    "newest_at" TIMESTAMPTZ(3) NOT NULL,
    "bulk_action_ids" UUID[],
    "positions" INTEGER[],
    "last_id" UUID NOT NULL,
    "last_to" INTEGER NOT NULL,

    CONSTRAINT "record_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk"."record_blocks" (
    "block" SMALLINT NOT NULL,
    "run_id" INTEGER NOT NULL,
    "hashes" INTEGER[],
    "chunks" SMALLINT[],

    CONSTRAINT "record_blocks_pkey" PRIMARY KEY ("block","run_id")
);

-- CreateIndex
CREATE INDEX "record_runs_last_id_idx" ON "bulk"."record_runs"("last_id");

-- CreateIndex
CREATE INDEX "bulk_actions_created_at_id_idx" ON "bulk"."bulk_actions"("created_at", "id");

-- CreateIndex
CREATE INDEX "bulk_actions_not_searchable" ON "bulk"."bulk_actions"("created_at", "id") WHERE (NOT is_searchable);

-- Written by hand from here on: what schema.prisma cannot say.

-- Hashes and random UUIDs do not compress.
ALTER TABLE "bulk"."record_runs" ALTER COLUMN "bulk_action_ids" SET STORAGE EXTERNAL;
ALTER TABLE "bulk"."record_blocks" ALTER COLUMN "hashes" SET STORAGE EXTERNAL;
