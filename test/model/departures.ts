import { turnsOfCreated } from "@bulk/queue/turns/turn";
import { createLogger } from "@bulk/service/process/logger";
import { cancelBulkAction } from "@bulk/store/bulk-actions/cancel-bulk-action";
import { createBulkAction } from "@bulk/store/bulk-actions/create-bulk-action";
import { settle } from "@bulk/store/bulk-actions/settle";
import { NO_BRAKE } from "@bulk/worker/brake/shop-brake";
import { sweep } from "@bulk/worker/sweeper";
import { createSlicePace } from "@bulk/worker/turns/slice-pace";
import { openSwitchboard } from "@bulk/worker/turns/switchboard";
import { takeTurn } from "@bulk/worker/turns/take-turn";
import { recordIdsOf } from "../support/record-ids.ts";
import { type Bench, type Flight, noteCanceled } from "./bench.ts";
import { gateQueue, type QueuedTurn } from "./fifo-queue.ts";
import { gateDatabase } from "./gated-database.ts";
import { nameRecord } from "./model.ts";
import { type Gate, startProcess } from "./process.ts";

const logger = createLogger({ name: "test", level: "silent" });

/** What the API does on a request: write it down, then nudge the queue. */
export function departCreate(bench: Bench, records: readonly number[]): Flight {
  const { scenario, shop } = bench;
  const { keyType } = bench.engine.host;
  const recordIds = recordIdsOf(
    records.map((record) => String(shop.recordIds[record])),
    keyType,
  );
  const name = `request ${bench.model.requests.length}`;
  bench.story.push(`${name} asks to delete ${records.map(nameRecord).join(" ")}`);
  return startProcess(name, async (gate) => {
    const { database, queue } = toolsOf(bench, gate);
    const { accountId } = shop;
    const { chunkSize, window } = scenario;
    const admission = {
      accountId,
      createdByTokenId: undefined,
      maxOpen: 1_000_000,
      idempotencyKey: undefined,
    };
    const request = { ...admission, actionType: "delete_products", recordIds, chunkSize, restoreDays: 0 };
    const creation = await createBulkAction(database, request);
    if (creation.kind !== "created") throw new Error(`${name} was not created.`);
    await queue.addTurns(turnsOfCreated(creation.bulkAction, { chunkSize, window }));
  });
}

/** What a worker does with a turn it has taken. */
export function departTurn(bench: Bench, turn: QueuedTurn): Flight {
  const lost = new AbortController();
  const stopping = new AbortController();
  let hasPassedOn = false;
  const onAdded = () => {
    hasPassedOn = true;
  };
  const process = startProcess(nameTurn(bench, turn), async (gate) => {
    const tools = toolsOf(bench, gate, { isTwin: turn.isTwin, onAdded });
    await takeTurn(
      { ...turn, stopping: stopping.signal, lost: lost.signal },
      { ...tools, ...brakesOf(bench), safetyCatch: UNGUARDED, shopBrake: NO_BRAKE, ...settingsOf(bench) },
    );
  });
  return { ...process, lane: { turn, lost, hasPassedOn: () => hasPassedOn } };
}

export function departSweep(bench: Bench): Flight {
  const { window } = bench.scenario;
  return startProcess("sweep", (gate) =>
    sweep({
      ...toolsOf(bench, gate),
      ...{ window, retentionDays: 30, marginMs: 0 },
      effects: bench.engine.host.registry,
      lastTaken: () => bench.lastTaken,
    }),
  );
}

export function departSettle(bench: Bench, action: number, id: string): Flight {
  return startProcess(`settling action ${action + 1}`, (gate) =>
    settle(toolsOf(bench, gate).database, id, bench.engine.host.registry),
  );
}

/** What the API does on a cancel. */
export function departCancel(bench: Bench, action: number, id: string): Flight {
  return startProcess(`canceling action ${action + 1}`, async (gate) => {
    const { database } = toolsOf(bench, gate);
    const { kind } = await cancelBulkAction(
      database,
      bench.shop.accountId,
      id,
      "admin",
      bench.engine.host.registry,
    );
    if (kind === "canceled") noteCanceled(bench, id);
  });
}

export function nameTurn({ model }: Bench, { bulkActionId, generation, lane, turn }: QueuedTurn): string {
  const action = model.actions.findIndex(({ id }) => id === bulkActionId) + 1;
  return `action ${action}, generation ${generation}, lane ${lane}, turn ${turn}`;
}

function toolsOf({ engine, scenario, variant, queue }: Bench, gate: Gate, lane = NO_LANE) {
  return {
    database: gateDatabase(engine.service[scenario.locking], gate, variant),
    queue: gateQueue(queue, gate, lane),
    ...{ logger, metrics: engine.metrics },
  };
}

function settingsOf({ engine, scenario: { turnMs, marks } }: Bench) {
  // A turn that goes on either marks its activity after every chunk, or never.
  const times = { turnMs, aloneMs: 0, markMs: marks ? 0 : turnMs, isCrowded: () => true };
  return { registry: engine.host.registry, times };
}

/** A process that has just started: it has yet to read the switches. */
function brakesOf({ engine, scenario }: Bench) {
  const options = { database: engine.service[scenario.locking], logger, maxReplicaLagSeconds: undefined };
  return { switchboard: openSwitchboard(options), pace: createSlicePace() };
}

const NO_LANE = { isTwin: false, onAdded: () => {} };

/** No declaration expects anything. */
const UNGUARDED = { judge: async () => ({ kind: "unguarded" }) as const };
