import type { Random } from "../../chaos/random.ts";
import type { DeclaredAccount, DeclaredValue, KeyType } from "../declaration.ts";
import type { HostAccount, HostColumn, HostReference } from "./host.ts";
import type { Names } from "./names.ts";

/** A shop while it is drawn. */
export type Draft = {
  readonly random: Random;
  /** How many names are odd, from 0 to 1. */
  readonly oddness: number;
  readonly tableNames: Names;
  readonly accounts: readonly HostAccount[];
};

/** A table while it is drawn: what later drawings add is added in place. */
export type TableDraft = {
  readonly schema: string;
  readonly name: string;
  readonly names: Names;
  readonly columns: HostColumn[];
  readonly primaryKey: readonly string[];
  readonly primaryKeyName?: string | undefined;
  readonly references: HostReference[];
  readonly indexes: string[];
  readonly partitionBy?: string | undefined;
  readonly rows: Record<string, string | null>[];
};

/** Typed columns that other tables may refer to. */
export type Target = { readonly columns: readonly { readonly name: string; readonly type: string }[] };

/** A way to say in a column that a row is gone, archived and so on. */
export type Mark = {
  readonly column: string;
  readonly set: DeclaredValue;
  /** An expression: the row is not marked. */
  readonly isNot: string;
  /** An expression: the row is marked. */
  readonly is: string;
  /** What the column holds in a row that was marked long ago. */
  readonly marked: string;
  /** What it holds in any other row. */
  readonly unmarked: string | null;
};

export type RecordDraft = {
  readonly table: TableDraft;
  readonly key: { readonly column: string; readonly type: KeyType };
  /** What foreign keys refer to: the key, or another column. */
  readonly target: Target;
  readonly account: DeclaredAccount;
  readonly deleted: Mark | undefined;
  readonly archived: Mark | undefined;
  /** A column for the id of the bulk action. */
  readonly deletedBy: string | undefined;
  readonly reserved: string | undefined;
  readonly note: string;
  /** Which account each row belongs to, in the order of the rows: indexes into the accounts. */
  readonly owners: readonly (readonly number[])[];
  /** The table that says whose a record is. */
  readonly join: TableDraft | undefined;
};

/** What the actions do with related rows. */
export type Treatment = "delete" | "mark" | "set_null" | "protect" | "leave";

export type RelatedDraft = {
  /** As the declaration calls them. */
  readonly label: string;
  readonly table: TableDraft;
  readonly depth: number;
  readonly of: RelatedDraft | undefined;
  readonly on: Readonly<Record<string, string>>;
  readonly target: Target;
  readonly treatment: Treatment;
  readonly mark: Mark | undefined;
  readonly deletedBy: string | undefined;
  readonly where: string | undefined;
  readonly recursive: boolean;
  /** The table is that of the records. */
  readonly isSelf: boolean;
};
