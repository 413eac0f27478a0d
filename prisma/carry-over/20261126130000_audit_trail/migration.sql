-- AlterTable
ALTER TABLE "api_tokens" ADD COLUMN     "prefix" TEXT;

-- AlterTable
ALTER TABLE "bulk_actions" ADD COLUMN     "cancel_requested_by" TEXT;

-- CreateTable
CREATE TABLE "audit_entries" (
    "bulk_action_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "action_type" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "record_count" INTEGER NOT NULL,
    "deleted_count" INTEGER NOT NULL,
    "skipped_count" INTEGER NOT NULL,
    "failed_count" INTEGER NOT NULL,
    "created_by_token_id" UUID,
    "cancel_requested_at" TIMESTAMPTZ(3),
    "cancel_requested_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3) NOT NULL,
    "pruned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "digest" BYTEA NOT NULL,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("bulk_action_id")
);

-- CreateIndex
CREATE INDEX "audit_entries_account_id_finished_at_idx" ON "audit_entries"("account_id", "finished_at");

-- CreateIndex
CREATE INDEX "audit_entries_finished_at_idx" ON "audit_entries"("finished_at");
