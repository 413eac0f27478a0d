import { VARIABLE_NAMES } from "./variable-names.ts";

/** An unknown variable and the known one with the most similar name. */
export type Misspelling = { readonly variable: string; readonly nearest: string };

/**
 * Returns the unknown variables whose names differ from a known one by one edit, or two if the name is long. An edit
 * is a letter added, missing, wrong, or swapped with the next one. Variables of other programs are ignored.
 */
export function findMisspellings(environment: NodeJS.ProcessEnv): readonly Misspelling[] {
  return Object.keys(environment).flatMap((variable) => {
    const nearest = KNOWN.has(variable) ? undefined : findNearest(variable.toUpperCase());
    return nearest === undefined ? [] : [{ variable, nearest }];
  });
}

/** Returns the message for the operator. */
export function describeMisspelling({ variable, nearest }: Misspelling): string {
  return `${variable} is not a variable of this service. Did you mean ${nearest}?`;
}

const KNOWN: ReadonlySet<string> = new Set(VARIABLE_NAMES.flatMap((name) => [name, `${name}_FILE`]));

/** Two edits are allowed from this length on: Kubernetes sets API_PORT, which is two edits from OPS_PORT. */
const LONG = 12;

function findNearest(variable: string): string | undefined {
  const one = [...KNOWN].find((name) => isWithin(1, name, variable));
  return one ?? [...KNOWN].find((name) => name.length >= LONG && isWithin(2, name, variable));
}

function isWithin(slips: number, one: string, other: string): boolean {
  if (one === other) return true;
  if (slips === 0) return false;
  if (one[0] === other[0]) return isWithin(slips, one.slice(1), other.slice(1));
  const isSwapped = one[0] === other[1] && one[1] === other[0];
  return (
    isWithin(slips - 1, one.slice(1), other.slice(1)) ||
    isWithin(slips - 1, one.slice(1), other) ||
    isWithin(slips - 1, one, other.slice(1)) ||
    (isSwapped && isWithin(slips - 1, one.slice(2), other.slice(2)))
  );
}
