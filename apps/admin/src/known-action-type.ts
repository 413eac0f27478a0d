import { registry } from "@bulk/actions/registry";
import { InvalidArgumentError } from "commander";

/** An option's value as an action type. Throws when no worker of this version knows it: a switch for it would do nothing. */
export function parseActionType(value: string): string {
  if (registry.has(value)) return value;
  throw new InvalidArgumentError(`Known are ${[...registry.keys()].join(", ")}.`);
}
