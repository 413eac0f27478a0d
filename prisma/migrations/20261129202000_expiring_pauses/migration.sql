-- AlterTable
ALTER TABLE "bulk"."pauses" ADD COLUMN     "expires_at" TIMESTAMPTZ(3);
