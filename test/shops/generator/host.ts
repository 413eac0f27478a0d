import type { Declaration, KeyType } from "../declaration.ts";

/** A shop that never existed: its tables and rows in SQL, what its operator declares, and what callers submit. */
export type Shop = {
  readonly seed: number;
  readonly tables: readonly HostTable[];
  /** Run after the tables, in order: functions, triggers, policies. */
  readonly rules: readonly string[];
  /** What may make it impossible to serve. */
  readonly hostility: Hostility | undefined;
  readonly accounts: readonly HostAccount[];
  /** The moment that marks a record as removed, if one does. */
  readonly mark: string | undefined;
  readonly declaration: Declaration;
  /** By action type. */
  readonly expectations: Readonly<Record<string, HostExpectation>>;
  readonly submissions: readonly HostSubmission[];
};

/** What `expects` of an action has: nothing, what is right, all of that but the line `at`, or a line more. */
export type HostExpectation = {
  readonly kind: "none" | "right" | "missing" | "invented";
  /** Counted round. */
  readonly at: number;
};

/** Something that an operator should hear of before the first action. */
export type Hostility = {
  readonly what: string;
  /** Run after everything else. */
  readonly statements: readonly string[];
};

export type HostTable = {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly HostColumn[];
  readonly primaryKey: readonly string[];
  readonly primaryKeyName?: string | undefined;
  /** Foreign keys; added once every table is there and filled. */
  readonly references: readonly HostReference[];
  /** `CREATE INDEX` and what else belongs to the table, after its rows. */
  readonly indexes: readonly string[];
  readonly partitionBy?: string | undefined;
  readonly rows: readonly HostRow[];
  /** Columns whose values depend on the order in which rows are written. */
  readonly volatile?: readonly string[];
};

export type HostColumn = {
  readonly name: string;
  /** With constraints of the column: `integer NOT NULL`. */
  readonly type: string;
};

/** Texts that PostgreSQL reads as the type of the column. */
export type HostRow = Readonly<Record<string, string | null>>;

export type HostReference = {
  readonly columns: readonly string[];
  readonly to: { readonly schema: string; readonly name: string; readonly columns: readonly string[] };
  readonly rule: DeleteRule;
  readonly deferrable: "" | "DEFERRABLE" | "DEFERRABLE INITIALLY DEFERRED";
};

export type DeleteRule = "NO ACTION" | "RESTRICT" | "CASCADE" | "SET NULL" | "SET DEFAULT";

export type HostAccount = { readonly id: string; readonly name: string; readonly key: string | null };

export type HostSubmission = {
  readonly accountId: string;
  readonly actionType: string;
  readonly keyType: KeyType;
  /** Canonical; some occur more than once. */
  readonly ids: readonly string[];
};
