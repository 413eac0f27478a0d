/** The type of the column whose values callers use as record ids. */
export type KeyType = "uuid" | IntegerType | "text";

/** The integer types of PostgreSQL. */
export type IntegerType = "smallint" | "integer" | "bigint";
