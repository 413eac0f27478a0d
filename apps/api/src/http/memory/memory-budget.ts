import { totalmem } from "node:os";
import { constrainedMemory } from "node:process";
import { getHeapStatistics } from "node:v8";
import { RequestError } from "@bulk/domain/errors/request-error";

/**
 * Limits the memory of all requests in flight: those being read or executed, and those whose response is not yet read.
 * An account may hold as much as it leaves free: one account a half, two accounts a third each. So there is always a
 * share for one more account. A request without a free share waits for a limited time.
 */
export type MemoryBudget = {
  /** Opens an empty claim of this account. */
  open(accountId: string): MemoryClaim;
};

/** The memory that one request holds. */
export type MemoryClaim = {
  /**
   * Raises the claim to at least this size. If there is no room in time, throws `limited` when the account itself holds
   * most of the memory in use, otherwise `unavailable`.
   */
  raise(bytes: number): Promise<void>;
  /** Lowers the claim to at most this size. */
  lower(bytes: number): void;
  /** Releases the claim for good. */
  release(): void;
};

export type MemoryBudgetOptions = {
  readonly bytes: number;
  /** How long a request waits for memory. */
  readonly patienceMs: number;
  /** Maximum number of waiting requests per account; further ones are refused. */
  readonly mostWaiting: number;
};

/** Returns a third of the memory that this process may use: of the heap limit or the container limit, if lower. */
export function defaultBudgetBytes(): number {
  const most = [getHeapStatistics().heap_size_limit, totalmem(), constrainedMemory() || Infinity];
  return Math.floor(Math.min(...most) / 3);
}

/** Creates a memory budget for one process. */
export function createMemoryBudget(options: MemoryBudgetOptions): MemoryBudget {
  const ledger = openLedger(options.bytes);
  const queue = openQueue(ledger, options);
  // Even a request with a larger estimate may hold at most a quarter, so that it does not block all others.
  const most = Math.floor(options.bytes / 4);
  return { open: (accountId) => openClaim(accountId, ledger, queue, most) };
}

function openClaim(accountId: string, ledger: Ledger, queue: Queue, most: number): MemoryClaim {
  let held = 0;
  let isReleased = false;
  function add(bytes: number): void {
    held += bytes;
    ledger.add(accountId, bytes);
  }
  function give(bytes: number): void {
    if (bytes <= 0) return;
    add(-bytes);
    queue.serve();
  }
  return {
    async raise(wanted) {
      const bytes = isReleased ? 0 : Math.min(wanted, most) - held;
      if (bytes > 0)
        await queue.enter({ accountId, bytes, take: () => add(bytes), isGone: () => isReleased });
    },
    lower: (bytes) => give(held - bytes),
    release() {
      isReleased = true;
      give(held);
      // Ends a pending `raise` of this claim.
      queue.serve();
    },
  };
}

/** The memory held per account. */
type Ledger = {
  readonly hasRoom: (need: Pick<Need, "accountId" | "bytes">) => boolean;
  readonly add: (accountId: string, bytes: number) => void;
  /** An account's share of the memory in use, from 0 to 1. */
  readonly shareOf: (accountId: string) => number;
};

function openLedger(total: number): Ledger {
  const held = new Map<string, number>();
  let used = 0;
  const ownOf = (accountId: string) => held.get(accountId) ?? 0;
  return {
    // "Dynamic queue length thresholds for shared-memory packet switches", Choudhury and Hahne, 1998.
    hasRoom: ({ accountId, bytes }) => ownOf(accountId) + bytes <= total - used - bytes,
    add(accountId, bytes) {
      used += bytes;
      const own = ownOf(accountId) + bytes;
      if (own === 0) held.delete(accountId);
      else held.set(accountId, own);
    },
    shareOf: (accountId) => (used === 0 ? 0 : ownOf(accountId) / used),
  };
}

/** A request for memory. */
type Need = {
  readonly accountId: string;
  readonly bytes: number;
  readonly take: () => void;
  /** Whether the claim has been released. */
  readonly isGone: () => boolean;
};

type Queue = ReturnType<typeof openQueue>;

/** Serves waiting requests in order of arrival. A smaller request may overtake a larger one. */
function openQueue(ledger: Ledger, { patienceMs, mostWaiting }: MemoryBudgetOptions) {
  const waiting = new Map<Need, PromiseWithResolvers<void>>();
  function countWaiting(accountId: string): number {
    return [...waiting.keys()].filter((need) => need.accountId === accountId).length;
  }
  async function wait(need: Need): Promise<void> {
    const turn = Promise.withResolvers<void>();
    waiting.set(need, turn);
    const timer = setTimeout(() => turn.reject(refuse(need, ledger)), patienceMs);
    try {
      await turn.promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(need);
    }
  }
  return {
    /** Serves every waiting request that fits now. */
    serve(): void {
      for (const [need, turn] of waiting) {
        if (need.isGone()) turn.reject(refuse(need, ledger));
        else if (ledger.hasRoom(need)) {
          need.take();
          turn.resolve();
          waiting.delete(need);
        }
      }
    },
    /** Takes memory as soon as there is room. */
    async enter(need: Need): Promise<void> {
      if (ledger.hasRoom(need)) need.take();
      else if (countWaiting(need.accountId) < mostWaiting) await wait(need);
      else throw refuse(need, ledger);
    },
  };
}

function refuse({ accountId }: Need, ledger: Ledger): RequestError {
  return ledger.shareOf(accountId) >= 0.5 ? tooMuchInFlight() : busy();
}

/** The `Retry-After` of a refusal. */
const RETRY_AFTER_SECONDS = 2;

function tooMuchInFlight(): RequestError {
  const message =
    "Requests of this account take too much memory on this server. Send fewer at once, and read their responses.";
  return new RequestError("limited", "account.too_much_in_flight", message, [], RETRY_AFTER_SECONDS);
}

function busy(): RequestError {
  const message = "This server has no free memory for this request. Try again soon.";
  return new RequestError("unavailable", "service.busy", message, [], RETRY_AFTER_SECONDS);
}
