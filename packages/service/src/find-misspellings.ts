import { VARIABLE_NAMES } from "./variable-names.ts";

/** A variable that nothing reads, and the one that was probably meant. */
export type Misspelling = { readonly variable: string; readonly nearest: string };

/**
 * The variables whose names are one slip away from one of ours, or two if the name is long. A slip is a letter too
 * many, missing, wrong, or swapped with the next one. Other programs' variables are left alone.
 */
export function findMisspellings(environment: NodeJS.ProcessEnv): readonly Misspelling[] {
  return Object.keys(environment).flatMap((variable) => {
    const nearest = KNOWN.has(variable) ? undefined : findNearest(variable.toUpperCase());
    return nearest === undefined ? [] : [{ variable, nearest }];
  });
}

/** What to tell whoever set the variable. */
export function describeMisspelling({ variable, nearest }: Misspelling): string {
  return `${variable} is not a variable of this service. Did you mean ${nearest}?`;
}

const KNOWN: ReadonlySet<string> = new Set(VARIABLE_NAMES.flatMap((name) => [name, `${name}_FILE`]));

/** Shorter names have foreign neighbours: Kubernetes sets API_PORT, which is two slips from OPS_PORT. */
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
