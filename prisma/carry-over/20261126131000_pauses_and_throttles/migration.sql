-- CreateTable
CREATE TABLE "pauses" (
    "scope" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "reason" TEXT,
    "paused_by" TEXT NOT NULL,
    "paused_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pauses_pkey" PRIMARY KEY ("scope","subject")
);

-- CreateTable
CREATE TABLE "throttles" (
    "action_type" TEXT NOT NULL,
    "records_per_second" INTEGER NOT NULL,
    "set_by" TEXT NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "spent_until" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "called_until" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "throttles_pkey" PRIMARY KEY ("action_type")
);
