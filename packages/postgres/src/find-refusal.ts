/** The loggable part of a PostgreSQL error. Its message is left out, because it may quote records. */
export type Refusal = {
  readonly sqlstate: string;
  readonly table?: string;
  readonly constraint?: string;
};

/** Finds the PostgreSQL error inside an error of pg or Prisma or its causes; `undefined` if there is none. */
export function findRefusal(error: unknown): Refusal | undefined {
  for (const candidate of walk(error)) {
    const { severity, code, originalCode, table, constraint } = candidate;
    const sqlstate = originalCode ?? (severity === undefined ? undefined : code);
    if (typeof sqlstate !== "string") continue;
    return {
      sqlstate,
      ...(typeof table === "string" && { table }),
      ...(typeof constraint === "string" && { constraint }),
    };
  }
  return undefined;
}

/** Prisma wraps the driver's error in `meta`; the driver's error wraps PostgreSQL's in `cause`. */
const STEPS = ["meta", "driverAdapterError", "cause"];

const DEEPEST = 10;

function walk(error: unknown, depth = 0): readonly Readonly<Record<string, unknown>>[] {
  if (typeof error !== "object" || error === null || depth > DEEPEST) return [];
  const record: Readonly<Record<string, unknown>> = Object.fromEntries(
    ["severity", "code", "originalCode", "table", "constraint"].map((name) => [
      name,
      Reflect.get(error, name),
    ]),
  );
  return [record, ...STEPS.flatMap((step) => walk(Reflect.get(error, step), depth + 1))];
}
