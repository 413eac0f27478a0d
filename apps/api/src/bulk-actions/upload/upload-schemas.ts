import { EXAMPLE_NEW_BULK_ACTION } from "@bulk/wire/examples";
import { z } from "zod";
import type { ApiContext, SchemaByType } from "../../context.ts";
import { MOST_LINE_BYTES } from "./upload-faults.ts";

/** Returns the schemas of the bodies that are only ids. OpenAPI 3.1 cannot describe lines, so each is a string. */
export function uploadSchemas({ config }: Pick<ApiContext, "config">): SchemaByType {
  const ids = EXAMPLE_NEW_BULK_ACTION.record_ids;
  const limits =
    `At most ${config.MAX_UPLOADED_IDS} ids, in lines of at most ${MOST_LINE_BYTES} bytes. Duplicates are removed; the order is ` +
    "kept. The action type is in the query.";
  return {
    "text/csv": z.string().meta({
      id: "RecordIdsCsv",
      description:
        "CSV in UTF-8: the column with the name of the records' key, `id` or `record_id`, or the only column. The header may be " +
        `missing if there is one column. ${limits}`,
      examples: [["id", ...ids, ""].join("\n")],
    }),
    "application/x-ndjson": z.string().meta({
      id: "RecordIdsLines",
      description:
        "One id a line as JSON: a text, a number, or an object that has it under the name of the records' key, `id` or " +
        `\`record_id\`. ${limits}`,
      examples: [ids.map((id) => `${JSON.stringify(id)}\n`).join("")],
    }),
  };
}
