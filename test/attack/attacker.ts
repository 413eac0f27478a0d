import { setPriority } from "node:os";
import type { Target } from "./attack.ts";
import { ATTACKS } from "./attacks.ts";

// A process of its own, so that what an attack costs the attacker slows nobody down who is to be measured. Its
// arguments are the attack's name, for how many milliseconds it goes on, and the target as JSON; it writes the number of
// answers of each status as one line of JSON.
// What it costs the attacker to be one must not slow the service down on the same machine.
setPriority(10);
const [name = "", durationMs = "", json = ""] = process.argv.slice(2);
const attack = ATTACKS[name];
if (attack === undefined) throw new Error(`There is no attack "${name}".`);
const statuses: Record<number, number> = {};
await attack(
  JSON.parse(json) as Target,
  { start: () => AbortSignal.timeout(Number(durationMs)) },
  (status) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  },
);
console.log(JSON.stringify(statuses));
process.exit(0);
