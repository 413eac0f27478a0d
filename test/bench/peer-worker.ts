import { openPeerDatabase } from "./peers/chunk-work.ts";
import { contestants } from "./peers/contestants.ts";

/* The worker process of one contestant: `peer-worker.ts <contestant>`. */

const { DATABASE_URL, REDIS_URL } = process.env;
const name = process.argv[2] ?? "";
const contestant = contestants[name];
if (contestant === undefined || DATABASE_URL === undefined || REDIS_URL === undefined) {
  throw new Error("Expected the name of a contestant, DATABASE_URL and REDIS_URL.");
}
const { peer, work } = contestant;
const database = openPeerDatabase(DATABASE_URL);
// The first statement of a process connects and compiles.
await database.$queryRaw`SELECT 1`;
await peer.startWorking({ databaseUrl: DATABASE_URL, redisUrl: REDIS_URL }, (job) => work(database, job));
console.log("peer is working");
