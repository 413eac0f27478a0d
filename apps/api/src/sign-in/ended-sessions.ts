import { LRUCache } from "lru-cache";

/** Dashboard sessions that were signed out of, kept until their cookies expire. */
export type EndedSessions = {
  has(id: string): boolean;
  /** Ends a session in this process at once and in other API processes by notification. */
  end(id: string): void;
  /** Handles a notification of another process. */
  onMessage(message: string): void;
};

/** How long a session lasts after the sign-in: about a working day. */
export const SESSION_SECONDS = 10 * 3_600;

/**
 * Remembers ended sessions in this process and notifies the others with `notify`. A process that misses the
 * notification, or starts later, accepts a copy of the cookie until it expires: there is no session store
 * (docs/decisions/037).
 */
export function rememberEndedSessions(notify: (message: string) => void): EndedSessions {
  const ended = new LRUCache<string, true>({ max: 100_000, ttl: 1_000 * SESSION_SECONDS });
  return {
    has: (id) => ended.has(id),
    end(id) {
      ended.set(id, true);
      notify(PREFIX + id);
    },
    onMessage(message) {
      if (message.startsWith(PREFIX)) ended.set(message.slice(PREFIX.length), true);
    },
  };
}

// The channel also carries ids of bulk actions.
const PREFIX = "session ";
