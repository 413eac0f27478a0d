-- AlterTable
ALTER TABLE "bulk_actions" ADD COLUMN     "idempotency_fingerprint" BYTEA,
ADD COLUMN     "idempotency_key" TEXT,
ADD COLUMN     "idempotency_path" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "bulk_actions_idempotency_key" ON "bulk_actions"("account_id", "idempotency_path", "idempotency_key") WHERE (idempotency_key IS NOT NULL);

-- CreateIndex
CREATE INDEX "bulk_actions_open_of_account" ON "bulk_actions"("account_id") WHERE (status = ANY (ARRAY['pending'::text, 'processing'::text]));
