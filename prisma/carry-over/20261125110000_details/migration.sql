-- AlterTable
ALTER TABLE "bulk_action_chunks" ADD COLUMN     "progressed_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "bulk_actions" ADD COLUMN     "created_by_token_id" UUID,
ADD COLUMN     "retry_of_id" UUID;

-- AddForeignKey
ALTER TABLE "bulk_actions" ADD CONSTRAINT "bulk_actions_retry_of_id_fkey" FOREIGN KEY ("retry_of_id") REFERENCES "bulk_actions"("id") ON DELETE SET NULL ON UPDATE CASCADE;
