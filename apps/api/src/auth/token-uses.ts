import { every } from "@bulk/service/timing/every";
import { recordTokenUses } from "@bulk/store/accounts/api-tokens";
import type { Database } from "@bulk/store/database";

/** The last uses of tokens that are not yet in the database. */
export type TokenUses = {
  note(tokenId: string, now: Date): void;
  /** Writes the remaining uses and stops. */
  stop(): Promise<void>;
};

/**
 * Writes the last use of every token, once in `everyMs` for all of them, never on a request. A killed process loses the
 * uses since the last write.
 */
export function collectTokenUses(
  database: Database,
  everyMs: number,
  onError: (error: unknown) => void,
): TokenUses {
  const uses = new Map<string, Date>();
  async function write(): Promise<void> {
    const written = new Map(uses);
    if (written.size === 0) return;
    await recordTokenUses(database, written);
    for (const [tokenId, moment] of written) if (uses.get(tokenId) === moment) uses.delete(tokenId);
  }
  const writing = every(everyMs, write, onError);
  return {
    note(tokenId, now) {
      uses.set(tokenId, now);
    },
    async stop() {
      await writing.stop();
      await write().catch(onError);
    },
  };
}
