import { FILTER_TYPES } from "@bulk/domain/filters/filter";
import type { KeyType } from "@bulk/domain/keys/key-type";
import { z } from "zod";
import { findUnbalanced } from "./find-unbalanced.ts";
import { isExpression } from "./is-expression.ts";

/** The most bytes of a name in PostgreSQL. */
const MOST_NAME_BYTES = 63;

/** Lower-case words joined by underscores: names of ours that become words of the API, or names in SQL. */
const WORDS = /^[a-z]+(_[a-z]+)*$/;

const name = z
  .string()
  .refine(
    (text) => text !== "" && !text.includes("\0") && Buffer.byteLength(text) <= MOST_NAME_BYTES,
    `must be a name of 1 to ${MOST_NAME_BYTES} bytes, as it is spelled in the database, without quotes`,
  );

const expression = z.string().superRefine((text, context) => {
  const message = findUnbalanced(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const columns = z
  .record(name, name)
  .refine((pairs) => Object.keys(pairs).length > 0, "must name at least one pair of columns");

const columnOrExpression = z.string().superRefine((text, context) => {
  const issues = isExpression(text)
    ? findUnbalanced(text.slice(1, -1))
    : name.safeParse(text).error?.issues[0]?.message;
  if (issues !== undefined) context.addIssue({ code: "custom", message: issues });
});

const on = z
  .record(columnOrExpression, name)
  .refine((pairs) => Object.keys(pairs).length > 0, "must name at least one pair of columns");

const schema = name.optional();

const accountType = z.enum(["uuid", "smallint", "integer", "bigint", "text"]);

const keyType: z.ZodType<KeyType> = z
  .enum(["uuid", "smallint", "integer", "bigint", "text"])
  .meta({ description: "The type of the column. Use `text` for `varchar`." });

const key = z
  .strictObject({
    column: name.meta({ description: "The column, which is unique and not null." }),
    type: keyType,
  })
  .meta({ description: "The column whose values callers use as record ids." });

const account = z
  .union([
    z.strictObject({
      column: name.meta({ description: "The column of the record that holds the account's key." }),
      type: accountType,
    }),
    z.strictObject({
      join: z.strictObject({
        schema: schema.meta({ description: "Default: the schema of the record." }),
        table: name.meta({ description: "The table that says which accounts a record belongs to." }),
        record: columns.meta({ description: "Column of the join table → column of the record." }),
        account: name.meta({ description: "The column of the join table that holds the account's key." }),
        type: accountType,
        where: expression.optional().meta({
          description: "An SQL condition over the columns of the join table. Default: all rows.",
        }),
      }),
    }),
    z.literal("none").meta({ description: "Exactly one account may exist; it owns all records." }),
  ])
  .meta({
    description:
      "Where the account of a record is found. It is compared with the account's key (`pnpm admin account create " +
      "NAME --key KEY`; without one, the account's id).",
  });

const related = z
  .strictObject({
    schema: schema.meta({ description: "Default: the schema of the record." }),
    table: name,
    of: z
      .string()
      .optional()
      .meta({ description: "The related rows whose related rows these are. Default: the record." }),
    on: on.meta({
      description:
        "Column of this table, or an SQL expression over its columns in parentheses → column of its parent (`of`).",
    }),
    where: expression
      .optional()
      .meta({ description: "An SQL condition over the columns of this table. Default: all rows." }),
    recursive: z
      .literal(true)
      .optional()
      .meta({ description: "Also the rows that refer to these rows by `on`, and so on." }),
  })
  .meta({ description: "Rows that go with a record, or that protect it." });

const value = z
  .union([
    z.null(),
    z.string(),
    z.number(),
    z.boolean(),
    z.strictObject({
      now: z.string().meta({
        description:
          "The one moment of the bulk action. The value is a time zone such as `UTC`: a column without time zone " +
          "gets the moment in that zone.",
      }),
    }),
    z.strictObject({ bulk_action: z.literal("id").meta({ description: "The id of the bulk action." }) }),
  ])
  .meta({ description: "The new value of a column." });

const target = z.string().meta({ description: "`record`, or the name of related rows." });

const step = z
  .union([
    z.strictObject({ delete: target }),
    z.strictObject({
      update: target,
      set: z
        .record(name, value)
        .refine((values) => Object.keys(values).length > 0, "must set at least one column")
        .meta({ description: "Column → new value." }),
      restore: z.record(name, value).optional().meta({
        description:
          "Column → the value that a restore sets, on rows that still have the moment or id that this step has set.",
      }),
    }),
  ])
  .meta({ description: "A change of the record, or of related rows." });

const skipCode = z
  .string()
  .regex(/^record\.[a-z]+(_[a-z]+)*$/, "must look like record.in_use")
  .meta({ description: "The code of the skipped record, for programs." });

const message = z
  .string()
  .min(1, "must not be empty")
  .max(300, "must have at most 300 characters")
  .meta({ description: "The reason, for people." });

const protection = z
  .union([
    z.strictObject({
      code: skipCode,
      message,
      related: target.meta({ description: "Rows that protect it." }),
    }),
    z.strictObject({
      code: skipCode,
      message,
      where: expression.meta({ description: "An SQL condition over the columns of the record." }),
    }),
  ])
  .meta({ description: "A record that has such rows, or meets this condition, is skipped." });

const action = z
  .strictObject({
    effect: z
      .string()
      .regex(WORDS, "must be a past participle such as deleted")
      .meta({ description: "What an applied record has become, a past participle such as `deleted`." }),
    steps: z.array(step).min(1, "must have at least one step").meta({
      description: "The changes, which are committed together. Exactly one is of the `record`.",
    }),
    protections: z
      .array(protection)
      .optional()
      .meta({ description: "The first that holds gives the skip code." }),
    already: z
      .strictObject({ code: skipCode, message, where: expression })
      .optional()
      .meta({
        description:
          "Records that are already as the action leaves them are skipped, and leave nothing to do. Looked at before " +
          "the protections.",
      }),
    notify: name.optional().meta({
      description: "A channel. Each applied record is announced there (`NOTIFY`) after the commit.",
    }),
    may_cascade_to: z
      .array(z.string())
      .optional()
      .meta({ description: "Tables such as orders that ON DELETE CASCADE may reach: `schema.table`." }),
    restored_by: z
      .string()
      .regex(WORDS, "must be snake_case such as restore_things")
      .optional()
      .meta({
        description:
          "The type of the action that takes this one back. Default: `restore_` and what follows `delete_`, otherwise " +
          "`restore_` and this type.",
      }),
    expects: z.array(z.string()).optional().meta({
      description:
        "The foreign keys and triggers of the tables that the steps change, as `pnpm admin records plan` prints them.",
    }),
  })
  .meta({ description: "Something that can be done to these records." });

const filterField = z
  .union([
    z.strictObject({
      column: name.meta({ description: "The column of the record that is compared." }),
      type: z.enum(FILTER_TYPES).meta({
        description: "The type of the column, which decides the operators. Use `text` for `varchar`.",
      }),
    }),
    z.strictObject({
      related: target.meta({ description: "Related rows: whether a record has any (`exists`)." }),
    }),
  ])
  .meta({ description: "What callers may select these records by. It needs an index." });

const record = z
  .strictObject({
    schema: schema.meta({ description: "Default: `public`." }),
    table: name,
    key,
    account,
    alive: expression.optional().meta({
      description:
        "An SQL condition over the columns of the record: it exists for the shop. Default: all rows.",
    }),
    related: z
      .record(
        z
          .string()
          .regex(/^[a-z]([a-z0-9_]{0,38}[a-z0-9])?$/, "must be lower-case words, at most 40 characters"),
        related,
      )
      .optional()
      .meta({
        description: "Related rows by a name of yours, which the conditions of the rows may use as alias.",
      }),
    filters: z
      .record(
        z
          .string()
          .regex(/^[a-z]([a-z0-9_]{0,38}[a-z0-9])?$/, "must be lower-case words, at most 40 characters"),
        filterField,
      )
      .optional()
      .meta({
        description:
          "What callers may select records by, in place of a list of ids, by its name in the API. Default: nothing.",
      }),
    actions: z
      .record(z.string().regex(WORDS, "must be snake_case such as delete_products"), action)
      .refine((actions) => Object.keys(actions).length > 0, "must have at least one action")
      .meta({ description: "Actions by type, which is their name in the API." }),
  })
  .meta({ description: "One kind of record." });

/** The format of the file that `RECORDS` names. docs/records.md describes it. */
export const recordsFile = z
  .strictObject({
    $schema: z.string().optional().meta({ description: "The JSON schema of this file, for editors." }),
    records: z
      .record(z.string().regex(WORDS, "must be a noun in the singular such as product"), record)
      .refine((records) => Object.keys(records).length > 0, "must have at least one kind of record")
      .meta({ description: "Kinds of records by their name in the singular: `product`." }),
  })
  .meta({ title: "Records", description: "Which records of a shop bulk actions may change, and how." });

export type RecordsFile = z.output<typeof recordsFile>;
/** One kind of record. */
export type RecordDeclaration = z.output<typeof record>;
/** Something that can be done to records of one kind. */
export type ActionDeclaration = z.output<typeof action>;
/** What callers may select records by. */
export type FilterDeclaration = z.output<typeof filterField>;
/** One change: of the record or of related rows. */
export type Step = z.output<typeof step>;
