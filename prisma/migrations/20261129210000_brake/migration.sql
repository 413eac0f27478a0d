-- CreateTable: unlogged, so that writing it flushes no WAL. A crash of the server empties it; the next observation fills it.
CREATE UNLOGGED TABLE "bulk"."brake" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "braked_at" TIMESTAMPTZ(3),
    "reason" TEXT,
    "target" DOUBLE PRECISION,
    "measured" DOUBLE PRECISION,
    "records_per_second" DOUBLE PRECISION,
    "slice_size" INTEGER,
    "duty" DOUBLE PRECISION,
    "others_at" TIMESTAMPTZ(6),
    "observed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "free_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "brake_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bulk"."brake_canary" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "written_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "brake_canary_pkey" PRIMARY KEY ("id")
);

-- Written by hand from here on: what schema.prisma cannot say.

-- All workers share one row.
ALTER TABLE "bulk"."brake" ADD CONSTRAINT "brake_one_row" CHECK ("id" = 1);
ALTER TABLE "bulk"."brake_canary" ADD CONSTRAINT "brake_canary_one_row" CHECK ("id" = 1);
