/** How much to measure, and where to tell of it. */
export type Bench = {
  /** Also the sizes that take long: a million ids, ten thousand open actions. */
  readonly full: boolean;
  /** How many times every comparison is made, one side after the other. */
  readonly pairs: number;
  /** Records in the shop, and ids in the bulk action that deletes them. */
  readonly products: number;
  /** How long one stretch of HTTP load lasts. */
  readonly seconds: number;
  /** Tells how it goes. */
  readonly say: (text: string) => void;
};

/** What was measured under one name; the unit is in the name, a bare name is a ratio. */
export type Measurement = { readonly name: string; readonly values: readonly number[] };

/** One of the things `pnpm bench` measures, on engines and processes of its own. */
export type BenchCase = (bench: Bench) => Promise<readonly Measurement[]>;

/** Where the queue is. */
export type QueueEngine = "redis" | "postgres";
