-- AlterTable
ALTER TABLE "bulk"."accounts" ADD COLUMN     "key" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "accounts_key_key" ON "bulk"."accounts"("key");

-- AlterTable: the default of a column has the column's former type.
ALTER TABLE "bulk"."bulk_action_chunks" ADD COLUMN     "text_ids" TEXT[],
ALTER COLUMN "skipped_ids" DROP DEFAULT,
ALTER COLUMN "skipped_ids" SET DATA TYPE TEXT[] USING "skipped_ids"::TEXT[],
ALTER COLUMN "skipped_ids" SET DEFAULT ARRAY[]::TEXT[],
ALTER COLUMN "failed_ids" DROP DEFAULT,
ALTER COLUMN "failed_ids" SET DATA TYPE TEXT[] USING "failed_ids"::TEXT[],
ALTER COLUMN "failed_ids" SET DEFAULT ARRAY[]::TEXT[];

-- Written by hand from here on: what schema.prisma cannot say.

-- As record_ids: compressing costs time on every insert of a chunk.
ALTER TABLE "bulk"."bulk_action_chunks" ALTER COLUMN "text_ids" SET STORAGE EXTERNAL;

-- The ids of a chunk are in the column of their type.
ALTER TABLE "bulk"."bulk_action_chunks" ADD CONSTRAINT "bulk_action_chunks_ids_check" CHECK (("record_ids" IS NULL) <> ("text_ids" IS NULL));

-- An account's key is compared with the host's column, so two accounts with one key would own the same records.
ALTER TABLE "bulk"."accounts" ADD CONSTRAINT "accounts_key_check" CHECK (char_length("key") BETWEEN 1 AND 255);

-- A statement calls this to roll itself back. The worker knows the code.
CREATE FUNCTION "bulk"."refuse"(reason text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'BA001', MESSAGE = reason;
END
$$;
