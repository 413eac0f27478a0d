import { totalmem } from "node:os";
import { constrainedMemory } from "node:process";
import { getHeapStatistics } from "node:v8";
import { RequestError } from "@bulk/domain/request-error";

/**
 * How much memory all requests together may take that are read, worked on, or answered to somebody who has not taken
 * the answer yet. An account may hold as much as it leaves free: alone a half, two a third each; so there is always
 * room for one more. Who finds none waits a while for it.
 */
export type MemoryBudget = {
  /** A claim of this account's that holds nothing yet. */
  open(accountId: string): MemoryClaim;
};

/** What one request holds of the budget. */
export type MemoryClaim = {
  /**
   * Holds at least so many bytes from now on. Throws `limited` when the account holds too much for that, and
   * `unavailable` when the others do.
   */
  raise(bytes: number): Promise<void>;
  /** Holds at most so many from now on. */
  lower(bytes: number): void;
  /** Holds nothing, for good. */
  release(): void;
};

export type MemoryBudgetOptions = {
  readonly bytes: number;
  /** How long a request waits for room. */
  readonly patienceMs: number;
  /** How many requests of one account wait at once; the next is refused. */
  readonly mostWaiting: number;
};

/** A third of what this process may use before it is killed: of its heap, or of its container if that is less. */
export function defaultBudgetBytes(): number {
  const most = [getHeapStatistics().heap_size_limit, totalmem(), constrainedMemory() || Infinity];
  return Math.floor(Math.min(...most) / 3);
}

export function createMemoryBudget(options: MemoryBudgetOptions): MemoryBudget {
  const ledger = openLedger(options.bytes);
  const queue = openQueue(ledger, options);
  // One request may not lock out all others, whatever it was estimated at.
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
      // It may be waiting for more.
      queue.serve();
    },
  };
}

/** Who holds how much. */
type Ledger = {
  readonly hasRoom: (need: Pick<Need, "accountId" | "bytes">) => boolean;
  readonly add: (accountId: string, bytes: number) => void;
  /** Of an account, as a share of what all hold. */
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

/** Who wants more than it has. */
type Need = {
  readonly accountId: string;
  readonly bytes: number;
  readonly take: () => void;
  /** Whether the caller has gone meanwhile. */
  readonly isGone: () => boolean;
};

type Queue = ReturnType<typeof openQueue>;

/** Those who wait for room, the longest waiting first; a smaller one may find room before. */
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
    /** Lets all take what there is room for now. */
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
    /** Takes what is needed once there is room for it. */
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

/** How long a caller should rest that was refused. */
const REST_SECONDS = 2;

function tooMuchInFlight(): RequestError {
  const message =
    "Requests of this account take too much memory here at the same time. Send fewer at once, and take their answers.";
  return new RequestError("limited", "account.too_much_in_flight", message, [], REST_SECONDS);
}

function busy(): RequestError {
  const message = "This server has no memory to spare for this request now. Try again soon.";
  return new RequestError("unavailable", "service.busy", message, [], REST_SECONDS);
}
