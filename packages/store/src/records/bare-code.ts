import { sql } from "../sql.ts";

/** The code that callers read, from a stored one under the name `code` (`bareCode` of the domain). */
export const BARE_CODE = sql`split_part(code, ':', 1)`;
