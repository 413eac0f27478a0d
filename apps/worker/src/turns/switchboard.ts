import type { Logger } from "@bulk/service/process/logger";
import { keepFresh } from "@bulk/service/timing/keep-fresh";
import type { Database } from "@bulk/store/database";
import { type ReplicaLag, readReplicaLag } from "@bulk/store/operations/replica-lag";
import { readSwitches, type Switches } from "@bulk/store/operations/switches";

/** What this process knows of pauses, throttles and replicas. */
export type SwitchView = Switches & {
  /** `undefined`: MAX_REPLICA_LAG_SECONDS is not set. */
  readonly replicaLag: ReplicaLag | undefined;
  /** By more than MAX_REPLICA_LAG_SECONDS. */
  readonly isReplicaBehind: boolean;
};

export type Switchboard = {
  /** Returns the view, read again when it is older than a second. Throws when the database is down. */
  view(): Promise<SwitchView>;
  /** How long ago this process saw the pauses change; before the first change, its age. */
  pausesUnchangedMs(): number;
};

export type SwitchboardOptions = {
  readonly database: Database;
  readonly logger: Logger;
  readonly maxReplicaLagSeconds: number | undefined;
};

/** No chunk is begun with an older view than this. */
const MAX_AGE_MS = 1_000;

/**
 * Opens the switchboard of a process. It reads the switches when a caller needs them, at most once a second, and logs
 * what has changed.
 */
export function openSwitchboard(options: SwitchboardOptions): Switchboard {
  let pausesChangedAt = performance.now();
  const fresh = keepFresh(MAX_AGE_MS, async (before: SwitchView = NOTHING_SET) => {
    const readAt = performance.now();
    const view = await readView(options);
    logChanges(before, view, options.logger);
    if (hasChanged(before.pauses, view.pauses)) pausesChangedAt = readAt;
    return view;
  });
  return {
    view: fresh.value,
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

function logChanges(before: SwitchView, now: SwitchView, logger: Logger): void {
  // The reason may be private; the list of pauses shows it.
  const paused = now.pauses.map(({ reason: _reason, ...pause }) => pause);
  if (hasChanged(before.pauses, now.pauses)) logger.info({ paused }, "pauses changed");
  const { throttles } = now;
  if (hasChanged(before.throttles, throttles)) logger.info({ throttles }, "throttles changed");
  if (now.replicaLag && before.replicaLag?.kind !== now.replicaLag.kind) {
    logger.warn(GUARD_MESSAGES[now.replicaLag.kind]);
  }
  if (before.isReplicaBehind === now.isReplicaBehind) return;
  if (now.isReplicaBehind) logger.warn(now.replicaLag, "a replica is behind; no chunk is begun");
  else logger.info("no replica is behind any more");
}

const GUARD_MESSAGES: Readonly<Record<ReplicaLag["kind"], string>> = {
  not_permitted: "MAX_REPLICA_LAG_SECONDS does nothing: the database user lacks the role pg_monitor",
  no_replica: "MAX_REPLICA_LAG_SECONDS does nothing while no replica is connected",
  known: "replica lag guard active",
};

function hasChanged(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}
