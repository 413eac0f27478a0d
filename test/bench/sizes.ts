/** How much to measure. */
export type Sizes = {
  /** How many times the comparisons with a target are made, one side after the other. */
  readonly pairs: number;
  /** How many times everything else is measured. */
  readonly runs: number;
  /** Records in the shop, and ids in the bulk action that deletes them. */
  readonly products: number;
  /** Ids of the greatest action. */
  readonly mostIds: number;
  /** Ids of a large request or answer. */
  readonly largeIds: number;
  /** Ids of the greatest request there is. */
  readonly greatestIds: number;
  /** Ids of a file. */
  readonly uploadedIds: number;
  /** How many large answers are asked for in one run; each may take a second. */
  readonly largeAnswers: number;
  /** Rows in the longest list. */
  readonly listed: number;
  /** Small actions in one run. */
  readonly smallActions: number;
  /** Actions that are open at once. */
  readonly openActions: number;
  /** Bulk actions of all accounts in the console. */
  readonly consoleActions: number;
  /** Chunks of the largest one there, of a thousand ids each. */
  readonly consoleChunks: number;
  /** Workers and lanes to scale out to. */
  readonly workers: number;
  /** Deliveries in one run. */
  readonly webhooks: number;
  /** How long one stretch of HTTP load lasts. */
  readonly seconds: number;
  /** Ids of the bulk action beside checkouts. */
  readonly campaignIds: number;
  /** Ids of the bulk action during which the shop wakes. */
  readonly wakeIds: number;
  /** Checkouts in a second, beside the usual rate. */
  readonly otherRates: readonly number[];
  /** How long the idle shop is measured, before a bulk action and after it. */
  readonly idleSeconds: number;
  /** How long the shop is open that wakes during a bulk action. */
  readonly openSeconds: number;
};

/** About half an hour on two cores. */
export const DEFAULT_SIZES: Sizes = {
  ...{ pairs: 5, runs: 3, products: 200_000, mostIds: 200_000, largeIds: 100_000, largeAnswers: 20 },
  ...{ listed: 100_000, smallActions: 60, openActions: 1_000, workers: 4, webhooks: 2_000, seconds: 2 },
  ...{
    consoleActions: 1_000_000,
    consoleChunks: 10_000,
    greatestIds: 1_000_000,
    uploadedIds: 2_000_000,
    campaignIds: 300_000,
    wakeIds: 1_000_000,
    otherRates: [5, 200],
    idleSeconds: 5,
    openSeconds: 4,
  },
};

/** Also what takes long. */
export const FULL_SIZES: Sizes = {
  ...DEFAULT_SIZES,
  ...{ mostIds: 1_000_000, listed: 1_000_000, smallActions: 200, openActions: 10_000, seconds: 5 },
  ...{ idleSeconds: 10, uploadedIds: 10_000_000 },
};

/** Just enough to see that everything runs; the figures mean nothing. */
export const TINY_SIZES: Sizes = {
  ...{ pairs: 1, runs: 1, products: 2_000, mostIds: 25_000, largeIds: 2_000, largeAnswers: 4 },
  ...{ listed: 100, smallActions: 4, openActions: 10, workers: 1, webhooks: 100, seconds: 1 },
  ...{
    consoleActions: 200,
    consoleChunks: 20,
    greatestIds: 4_000,
    uploadedIds: 60_000,
    campaignIds: 20_000,
    wakeIds: 20_000,
    otherRates: [200],
    idleSeconds: 1,
    openSeconds: 1,
  },
};
