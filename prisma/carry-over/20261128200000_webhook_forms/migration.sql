-- AlterTable
ALTER TABLE "webhook_endpoints" ADD COLUMN     "destination" TEXT,
ADD COLUMN     "record_events" TEXT NOT NULL DEFAULT 'list';
