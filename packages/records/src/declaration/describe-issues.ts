import type { z } from "zod";

/** What is wrong with a file of records, and where. */
export type RecordsFault = {
  /** The path in the file, such as `records.product.key.type`; empty: the file itself. */
  readonly place: string;
  /** What is wrong, and what to do. */
  readonly message: string;
};

type Issue = z.core.$ZodIssue;

/** Describes every issue of a value that does not fit the format. */
export function describeIssues(issues: readonly Issue[]): readonly RecordsFault[] {
  return issues.flatMap((issue) => describe(issue, []));
}

function describe(issue: Issue, before: readonly PropertyKey[]): readonly RecordsFault[] {
  const path = [...before, ...issue.path];
  if (issue.code === "invalid_union") {
    const branch = chooseBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => describe(inner, path));
  }
  if (issue.code === "invalid_key" || issue.code === "invalid_element") {
    return issue.issues.flatMap((inner) => describe({ ...inner, path: [] }, path));
  }
  return [{ place: path.map(String).join("."), message: lowerFirst(issue.message) }];
}

// The alternative that was probably meant: the one with the fewest keys missing or unknown.
function chooseBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter((issues) => !issues.some(isOfAnotherKind));
  const candidates = fitting.length > 0 ? fitting : branches;
  return candidates.toSorted((one, other) => countKeyFaults(one) - countKeyFaults(other))[0];
}

// A text where an object is expected, and the like.
function isOfAnotherKind({ code, path }: Issue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value");
}

function countKeyFaults(issues: readonly Issue[]): number {
  return issues.filter(
    ({ code, path }) => code === "unrecognized_keys" || (code === "invalid_type" && path.length === 1),
  ).length;
}

function lowerFirst(text: string): string {
  return text.replace(/^Invalid input: /, "").replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
