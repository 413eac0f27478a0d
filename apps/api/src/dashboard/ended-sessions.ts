import { LRUCache } from "lru-cache";

/** The dashboard's sessions that somebody has signed out of, for as long as their seals would hold. */
export type EndedSessions = {
  has(id: string): boolean;
  /** Ends it here at once, and with the other APIs when they hear of it. */
  end(id: string): void;
  /** Takes up what another process has told. */
  hear(message: string): void;
};

/** How long a session lasts, from the sign-in on, whatever happens in it: about a working day. */
export const SESSION_SECONDS = 10 * 3_600;

/**
 * Remembers ended sessions in this process, and has the others told by `tell`. One that does not hear it, or is started
 * later, lets a copy of the cookie in until the session is over: there is no store of sessions (docs/decisions/037).
 */
export function rememberEndedSessions(tell: (message: string) => void): EndedSessions {
  const ended = new LRUCache<string, true>({ max: 100_000, ttl: 1_000 * SESSION_SECONDS });
  return {
    has: (id) => ended.has(id),
    end(id) {
      ended.set(id, true);
      tell(PREFIX + id);
    },
    hear(message) {
      if (message.startsWith(PREFIX)) ended.set(message.slice(PREFIX.length), true);
    },
  };
}

// Tells it from the ids of bulk actions on the same channel.
const PREFIX = "session ";
