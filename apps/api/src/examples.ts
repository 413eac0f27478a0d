import type { BulkActionStatus } from "@bulk/domain/bulk-action";

/* What the examples of the reference have in common, so that they tell one story. A test acts it out. */

/** The object that a path's `id` names. */
export const EXAMPLE_ID = "e35baa9f-921d-49e1-9ec1-3382e68581a8";

const [PRODUCT, GONE_PRODUCT] = [
  "da726d7e-1074-4944-a6b3-1ee51857f9aa",
  "794322db-4981-421d-8077-b59ca1b80a93",
] as const;

export const EXAMPLE_NEW_BULK_ACTION = {
  action_type: "delete_products",
  record_ids: [PRODUCT, GONE_PRODUCT],
} as const;

/** The same once it is submitted; when it has begun, the product that is gone is known to be. */
export function exampleBulkAction(status: BulkActionStatus) {
  return {
    id: EXAMPLE_ID,
    object: "bulk_action" as const,
    ...EXAMPLE_NEW_BULK_ACTION,
    skipped_record_ids: status === "pending" ? [] : [GONE_PRODUCT],
    status,
    created_at: 1_780_925_356,
    updated_at: 1_780_925_357,
  };
}
