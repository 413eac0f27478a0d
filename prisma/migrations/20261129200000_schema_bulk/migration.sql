-- The tables of the service, in a schema of their own (docs/decisions/040). `pnpm migrate` creates the schema first; an
-- installation of 0.1 to 0.3 is carried over instead (prisma/carry-over).

-- CreateTable
CREATE TABLE "bulk"."accounts" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk"."api_tokens" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "account_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT,
    "digest" BYTEA NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk"."bulk_actions" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "account_id" UUID NOT NULL,
    "action_type" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "record_count" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL DEFAULT 1,
    "cancel_requested_at" TIMESTAMPTZ(3),
    "cancel_requested_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retry_of_id" UUID,
    "created_by_token_id" UUID,
    "idempotency_path" TEXT,
    "idempotency_key" TEXT,
    "idempotency_fingerprint" BYTEA,

    CONSTRAINT "bulk_actions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk"."bulk_action_chunks" (
    "bulk_action_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "record_ids" UUID[],
    "record_count" INTEGER NOT NULL,
    "done_count" INTEGER NOT NULL DEFAULT 0,
    "slice_size" INTEGER,
    "finished_at" TIMESTAMPTZ(3),
    "progressed_at" TIMESTAMPTZ(3),
    "deleted_count" INTEGER NOT NULL DEFAULT 0,
    "skipped_count" INTEGER NOT NULL DEFAULT 0,
    "failed_count" INTEGER NOT NULL DEFAULT 0,
    "skipped_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "skipped_codes" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "failed_ids" UUID[] DEFAULT ARRAY[]::UUID[],
    "failed_codes" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_error" TEXT,

    CONSTRAINT "bulk_action_chunks_pkey" PRIMARY KEY ("bulk_action_id","position")
);

-- CreateTable
CREATE TABLE "bulk"."audit_entries" (
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

-- CreateTable
CREATE TABLE "bulk"."webhook_endpoints" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "webhook_events" TEXT[],
    "destination" TEXT,
    "record_events" TEXT NOT NULL DEFAULT 'list',
    "sealed_secret" BYTEA NOT NULL,
    "sealed_previous_secret" BYTEA,
    "previous_secret_expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_endpoints_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk"."webhook_deliveries" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "account_id" UUID NOT NULL,
    "endpoint_id" UUID NOT NULL,
    "event_type" TEXT NOT NULL,
    "bulk_action_id" UUID,
    "position" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "last_attempt_at" TIMESTAMPTZ(3),
    "last_response_code" INTEGER,
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk"."pauses" (
    "scope" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "reason" TEXT,
    "paused_by" TEXT NOT NULL,
    "paused_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pauses_pkey" PRIMARY KEY ("scope","subject")
);

-- CreateTable
CREATE TABLE "bulk"."throttles" (
    "action_type" TEXT NOT NULL,
    "records_per_second" INTEGER NOT NULL,
    "set_by" TEXT NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "spent_until" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "called_until" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "throttles_pkey" PRIMARY KEY ("action_type")
);

-- CreateIndex
CREATE UNIQUE INDEX "accounts_name_key" ON "bulk"."accounts"("name");

-- CreateIndex
CREATE UNIQUE INDEX "api_tokens_digest_key" ON "bulk"."api_tokens"("digest");

-- CreateIndex
CREATE INDEX "api_tokens_account_id_idx" ON "bulk"."api_tokens"("account_id");

-- CreateIndex
CREATE INDEX "bulk_actions_account_id_created_at_id_idx" ON "bulk"."bulk_actions"("account_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "bulk_actions_account_id_updated_at_id_idx" ON "bulk"."bulk_actions"("account_id", "updated_at", "id");

-- CreateIndex
CREATE INDEX "bulk_actions_open" ON "bulk"."bulk_actions"("updated_at") WHERE (status = ANY (ARRAY['pending'::text, 'processing'::text]));

-- CreateIndex
CREATE INDEX "bulk_actions_finished" ON "bulk"."bulk_actions"("finished_at") WHERE (finished_at IS NOT NULL);

-- CreateIndex
CREATE INDEX "bulk_actions_open_of_account" ON "bulk"."bulk_actions"("account_id") WHERE (status = ANY (ARRAY['pending'::text, 'processing'::text]));

-- CreateIndex
CREATE INDEX "bulk_actions_retries" ON "bulk"."bulk_actions"("retry_of_id") WHERE (retry_of_id IS NOT NULL);

-- CreateIndex
CREATE UNIQUE INDEX "bulk_actions_open_retry" ON "bulk"."bulk_actions"("retry_of_id") WHERE (retry_of_id IS NOT NULL AND status = ANY (ARRAY['pending'::text, 'processing'::text]));

-- CreateIndex
CREATE UNIQUE INDEX "bulk_actions_idempotency_key" ON "bulk"."bulk_actions"("account_id", "idempotency_path", "idempotency_key") WHERE (idempotency_key IS NOT NULL);

-- CreateIndex
CREATE INDEX "bulk_action_chunks_unfinished" ON "bulk"."bulk_action_chunks"("bulk_action_id", "position") WHERE (finished_at IS NULL);

-- CreateIndex
CREATE INDEX "audit_entries_finished_at_idx" ON "bulk"."audit_entries"("finished_at");

-- CreateIndex
CREATE INDEX "audit_entries_account_id_finished_at_idx" ON "bulk"."audit_entries"("account_id", "finished_at");

-- CreateIndex
CREATE INDEX "webhook_endpoints_account_id_created_at_id_idx" ON "bulk"."webhook_endpoints"("account_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_endpoint_id_created_at_id_idx" ON "bulk"."webhook_deliveries"("endpoint_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_bulk_action_id_idx" ON "bulk"."webhook_deliveries"("bulk_action_id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_due" ON "bulk"."webhook_deliveries"("endpoint_id", "next_attempt_at") WHERE (next_attempt_at IS NOT NULL);

-- CreateIndex
CREATE INDEX "webhook_deliveries_tests" ON "bulk"."webhook_deliveries"("created_at") WHERE (bulk_action_id IS NULL);

-- AddForeignKey
ALTER TABLE "bulk"."api_tokens" ADD CONSTRAINT "api_tokens_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "bulk"."accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bulk"."bulk_actions" ADD CONSTRAINT "bulk_actions_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "bulk"."accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bulk"."bulk_actions" ADD CONSTRAINT "bulk_actions_retry_of_id_fkey" FOREIGN KEY ("retry_of_id") REFERENCES "bulk"."bulk_actions"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bulk"."bulk_action_chunks" ADD CONSTRAINT "bulk_action_chunks_bulk_action_id_fkey" FOREIGN KEY ("bulk_action_id") REFERENCES "bulk"."bulk_actions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bulk"."webhook_endpoints" ADD CONSTRAINT "webhook_endpoints_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "bulk"."accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bulk"."webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "bulk"."webhook_endpoints"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bulk"."webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_bulk_action_id_fkey" FOREIGN KEY ("bulk_action_id") REFERENCES "bulk"."bulk_actions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Written by hand from here on: what schema.prisma cannot say.

-- A column of random uuids does not compress. EXTERNAL stores it as it is instead of trying each time,
-- which costs time on every insert of a chunk.
ALTER TABLE "bulk"."bulk_action_chunks" ALTER COLUMN "record_ids" SET STORAGE EXTERNAL;

-- The wire knows these five statuses and never a sixth.
ALTER TABLE "bulk"."bulk_actions" ADD CONSTRAINT "bulk_actions_status_check" CHECK ("status" IN ('pending', 'processing', 'succeeded', 'completed', 'invalid'));
