-- CreateIndex
CREATE INDEX "bulk_actions_retries" ON "bulk_actions"("retry_of_id") WHERE (retry_of_id IS NOT NULL);

-- CreateIndex
CREATE UNIQUE INDEX "bulk_actions_open_retry" ON "bulk_actions"("retry_of_id") WHERE (retry_of_id IS NOT NULL AND status = ANY (ARRAY['pending'::text, 'processing'::text]));
