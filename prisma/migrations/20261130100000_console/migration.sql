-- CreateTable
CREATE TABLE "bulk"."journal" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "bulk_action_id" UUID,
    "account_id" UUID,
    "action_type" TEXT,
    "detail" TEXT,
    "refusal" TEXT,

    CONSTRAINT "journal_pkey" PRIMARY KEY ("id")
);

-- CreateTable: unlogged, so that a beat flushes no WAL. A crash of the server empties it; the next beat fills it.
CREATE UNLOGGED TABLE "bulk"."workers" (
    "id" UUID NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "version" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "places" INTEGER NOT NULL,
    "turns" JSONB NOT NULL,
    "records_per_second" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE UNLOGGED TABLE "bulk"."rates" (
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "worker_id" UUID NOT NULL,
    "applied" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,

    CONSTRAINT "rates_pkey" PRIMARY KEY ("minute","worker_id")
);

-- CreateIndex
CREATE INDEX "journal_of_bulk_action" ON "bulk"."journal"("bulk_action_id", "at") WHERE bulk_action_id IS NOT NULL;

-- CreateIndex
CREATE INDEX "journal_of_kind" ON "bulk"."journal"("kind", "at") WHERE bulk_action_id IS NULL;

-- CreateIndex
CREATE INDEX "journal_at" ON "bulk"."journal"("at", "id");
