import type { KeyType } from "@bulk/domain/keys/key-type";
import { type Sql, sql } from "../sql.ts";

/** The column of a chunk that holds its ids. UUIDs have one of their own, which is read faster. */
export function idsColumn(type: KeyType): Sql {
  return type === "uuid" ? sql`record_ids` : sql`text_ids`;
}

/** The type of a list of ids, as it is submitted and stored. */
export function idsType(type: KeyType): Sql {
  return type === "uuid" ? sql`uuid[]` : sql`text[]`;
}

/** An id of a chunk as a value of the records' key. */
export function asKey(type: KeyType, id: Sql): Sql {
  switch (type) {
    case "smallint":
      return sql`${id}::smallint`;
    case "integer":
      return sql`${id}::integer`;
    case "bigint":
      return sql`${id}::bigint`;
    case "uuid":
    case "text":
      return id;
  }
}

/** An id that was written as text, such as a skipped one, as a value of the records' key. */
export function storedAsKey(type: KeyType, text: Sql): Sql {
  return type === "uuid" ? sql`${text}::uuid` : asKey(type, text);
}

/** What ids are sorted by. The order of bytes is the fastest of texts, and the same for every statement. */
export function keyOrder(type: KeyType, id: Sql): Sql {
  return type === "text" ? sql`${id} COLLATE "C"` : asKey(type, id);
}
