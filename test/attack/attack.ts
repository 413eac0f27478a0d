import type { Clock } from "./weapons.ts";

/** What an attacker knows: where everything is, and the token of an account of its own. */
export type Target = {
  readonly apiUrl: string;
  /** The ports for operators, of API and worker. */
  readonly opsUrls: readonly string[];
  readonly token: string;
  /** Ended bulk actions of that account with 100,000 ids each. */
  readonly largeIds: readonly string[];
  /** Where the queue is, if it is in Redis. */
  readonly redisUrl: string | undefined;
};

/** Goes on until the time is over, and hears of each answer's status. */
export type Attack = (target: Target, until: Clock, answered: (status: number) => void) => Promise<void>;
