/** The file that `RECORDS` names, as an operator writes it. The oracle reads this type and nothing of the service. */
export type Declaration = { readonly records: Readonly<Record<string, DeclaredRecord>> };

export type DeclaredRecord = {
  readonly schema?: string | undefined;
  readonly table: string;
  readonly key: { readonly column: string; readonly type: KeyType };
  readonly account: DeclaredAccount;
  readonly alive?: string | undefined;
  readonly related?: Readonly<Record<string, DeclaredRelated>> | undefined;
  readonly actions: Readonly<Record<string, DeclaredAction>>;
};

export type KeyType = "uuid" | "smallint" | "integer" | "bigint" | "text";

export type DeclaredAccount =
  | "none"
  | { readonly column: string; readonly type: KeyType }
  | {
      readonly join: {
        readonly schema?: string | undefined;
        readonly table: string;
        /** A column of the join table -> a column of the record. */
        readonly record: Readonly<Record<string, string>>;
        readonly account: string;
        readonly type: KeyType;
      };
    };

export type DeclaredRelated = {
  readonly schema?: string | undefined;
  readonly table: string;
  /** The related rows that these rows belong to; by default the record. */
  readonly of?: string | undefined;
  /** A column of the related table -> a column of its parent. */
  readonly on: Readonly<Record<string, string>>;
  readonly where?: string | undefined;
  readonly recursive?: boolean | undefined;
};

export type DeclaredAction = {
  readonly effect: string;
  readonly steps: readonly DeclaredStep[];
  readonly protections?: readonly DeclaredProtection[] | undefined;
  readonly already?: { readonly code: string; readonly message: string; readonly where: string } | undefined;
  readonly notify?: string | undefined;
  readonly may_cascade_to?: readonly string[] | undefined;
  readonly expects?: readonly string[] | undefined;
};

/** `record`, or the name of related rows. */
export type DeclaredStep =
  | { readonly delete: string }
  | { readonly update: string; readonly set: Readonly<Record<string, DeclaredValue>> };

export type DeclaredValue =
  | null
  | string
  | number
  | boolean
  | { readonly now: string }
  | { readonly bulk_action: "id" };

export type DeclaredProtection = { readonly code: string; readonly message: string } & (
  | { readonly related: string }
  | { readonly where: string }
);
