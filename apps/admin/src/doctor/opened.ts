import type { Observation } from "./finding.ts";

/** Something to look into, if it could be opened, and what was seen on the way. */
export type Opened<Thing> = {
  readonly thing: Thing | undefined;
  readonly observations: readonly Observation[];
};
