-- AlterTable
ALTER TABLE "bulk"."bulk_actions" ADD COLUMN "filter" JSONB;
