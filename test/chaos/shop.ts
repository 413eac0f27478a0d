import type { FilledShop } from "@bulk/local/fill-shop";

export const ACTION_TYPES = ["delete_products", "delete_customers"] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

/** One account: its token, and the ids of its records. */
export type ChaosShop = Pick<FilledShop, "accountId" | "token" | "inUseProductIds"> & {
  readonly recordIds: Readonly<Record<ActionType, readonly string[]>>;
};
