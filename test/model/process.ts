/** What a process passes before everything it says to the database or the queue. */
export type Gate = {
  /** Waits until the process may do this. Throws when it is dead. */
  stand(intention: string): Promise<void>;
  /** Throws when the process died meanwhile: no answer reaches the dead. */
  assertAlive(): void;
};

/** `die`: before it does what it stands for; `do_and_die`: after that, before the answer arrives. */
export type Verdict = "go_on" | "die" | "do_and_die";

/** Something the service does, stopped at every gate until it is told to go on. */
export type Process = {
  readonly name: string;
  /** What it will do next; `undefined` while it does something, or has ended. */
  intention(): string | undefined;
  isDead(): boolean;
  hasEnded(): boolean;
  /** What it threw, unless it was dead. */
  error(): unknown;
  release(verdict: Verdict): void;
  /** Kills it in the middle of a statement: that one runs on, its answer is lost. */
  kill(): void;
  /** Resolves at the next gate or the end. */
  arrived(): Promise<void>;
};

class Crash extends Error {
  override readonly name = "Crash";
}

export function startProcess(name: string, work: (gate: Gate) => Promise<unknown>): Process {
  let standing: { readonly intention: string; resume(verdict: Verdict): void } | undefined;
  let isDead = false;
  let hasEnded = false;
  let error: unknown;
  let arrival = Promise.withResolvers<void>();
  function assertAlive() {
    if (isDead) throw new Crash("The process is dead.");
  }
  async function stand(intention: string) {
    assertAlive();
    const verdict = await new Promise<Verdict>((resume) => {
      standing = { intention, resume };
      arrival.resolve();
    });
    isDead ||= verdict === "die";
    assertAlive();
    isDead ||= verdict === "do_and_die";
  }
  work({ stand, assertAlive })
    .catch((thrown: unknown) => {
      if (!isDead) error = thrown;
    })
    .finally(() => {
      hasEnded = true;
      arrival.resolve();
    });
  return {
    name,
    intention: () => standing?.intention,
    isDead: () => isDead,
    hasEnded: () => hasEnded,
    error: () => error,
    release(verdict) {
      const released = standing;
      standing = undefined;
      arrival = Promise.withResolvers();
      released?.resume(verdict);
    },
    kill() {
      isDead = true;
    },
    arrived: () => arrival.promise,
  };
}
