import { every } from "@bulk/service/every";
import { recordTokenUses } from "@bulk/store/api-tokens";
import type { Database } from "@bulk/store/database";

/** Which tokens were used when, not yet written down. */
export type TokenUses = {
  note(tokenId: string, now: Date): void;
  /** Writes down what is left. */
  stop(): Promise<void>;
};

/**
 * Writes every token's last use down, once in `everyMs` for all of them, never on a request. Only a killed
 * process loses some: the uses since the last time, unless the token is used again.
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
