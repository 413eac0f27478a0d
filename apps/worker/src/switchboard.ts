import type { Logger } from "@bulk/service/logger";
import type { Database } from "@bulk/store/database";
import { type ReplicaLag, readReplicaLag } from "@bulk/store/replica-lag";
import { readSwitches, type Switches } from "@bulk/store/switches";

/** What this process knows of everything that may hold its turns up. */
export type SwitchView = Switches & {
  /** `undefined`: nobody asked to mind it. */
  readonly replicaLag: ReplicaLag | undefined;
  /** By more than was asked to be minded. */
  readonly isReplicaBehind: boolean;
};

export type Switchboard = {
  /** The view, read again when it is older than a second. Throws when the database is away. */
  view(): Promise<SwitchView>;
  /** How long ago this process saw the pauses change, or began. */
  pausesUnchangedMs(): number;
};

export type SwitchboardOptions = {
  readonly database: Database;
  readonly logger: Logger;
  readonly maxReplicaLagSeconds: number | undefined;
};

/** Whoever begins a chunk asks first, so no chunk is begun with an older view than this. */
const MAX_AGE_MS = 1_000;

/**
 * Reads the switches when somebody asks, at most once a second however many ask; who is busy asks all the time, and
 * who is not has nothing to hold up. Tells the log what has changed.
 */
export function openSwitchboard(options: SwitchboardOptions): Switchboard {
  let known: { readonly view: SwitchView; readonly readAt: number } | undefined;
  let reading: Promise<SwitchView> | undefined;
  let pausesChangedAt = performance.now();
  async function read(): Promise<SwitchView> {
    const readAt = performance.now();
    const view = await readView(options);
    const before = known?.view ?? NOTHING_SET;
    tellChange(before, view, options.logger);
    if (isOther(before.pauses, view.pauses)) pausesChangedAt = readAt;
    known = { view, readAt };
    return view;
  }
  return {
    async view() {
      if (known !== undefined && performance.now() - known.readAt < MAX_AGE_MS) return known.view;
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return await reading;
    },
    pausesUnchangedMs: () => performance.now() - pausesChangedAt,
  };
}

async function readView({ database, maxReplicaLagSeconds }: SwitchboardOptions): Promise<SwitchView> {
  const switches = await readSwitches(database);
  if (maxReplicaLagSeconds === undefined)
    return { ...switches, replicaLag: undefined, isReplicaBehind: false };
  const replicaLag = await readReplicaLag(database);
  const isReplicaBehind = replicaLag.kind === "known" && replicaLag.lagSeconds > maxReplicaLagSeconds;
  return { ...switches, replicaLag, isReplicaBehind };
}

const NOTHING_SET: SwitchView = { pauses: [], throttles: [], replicaLag: undefined, isReplicaBehind: false };

function tellChange(before: SwitchView, now: SwitchView, logger: Logger): void {
  // Why somebody paused is theirs to tell; the list has it.
  const paused = now.pauses.map(({ reason: _reason, ...pause }) => pause);
  if (isOther(before.pauses, now.pauses)) logger.info({ paused }, "pauses changed");
  const { throttles } = now;
  if (isOther(before.throttles, throttles)) logger.info({ throttles }, "throttles changed");
  if (now.replicaLag && before.replicaLag?.kind !== now.replicaLag.kind) {
    logger.warn(GUARD_WORDS[now.replicaLag.kind]);
  }
  if (before.isReplicaBehind === now.isReplicaBehind) return;
  if (now.isReplicaBehind) logger.warn(now.replicaLag, "a replica is behind; no chunk is begun");
  else logger.info("no replica is behind any more");
}

const GUARD_WORDS: Readonly<Record<ReplicaLag["kind"], string>> = {
  not_permitted: "MAX_REPLICA_LAG_SECONDS does nothing: the database user lacks the role pg_monitor",
  no_replica: "MAX_REPLICA_LAG_SECONDS does nothing as long as no replica is connected",
  known: "replicas are there, and their lag is minded",
};

function isOther(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}
