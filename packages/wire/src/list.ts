import { writeJson } from "@bulk/store/record-ids/write-json";
import { z } from "zod";
import { countOf } from "./progress/counts.ts";

const pagination = z.object({
  count: countOf("Number of objects on all pages."),
  limit: z.int(),
  page: z.int().meta({ description: "The page number, from 1." }),
  url: z.string(),
});

type Pagination = z.output<typeof pagination>;

const cursorPagination = pagination.extend({
  page: pagination.shape.page.nullable().meta({ description: "The page number, from 1; null with `after`." }),
  next_cursor: z.string().nullable().meta({
    description: "Send it as `after` to get the next page; null on the last page.",
  }),
});

type CursorPagination = z.output<typeof cursorPagination>;

/** The schema of a page of objects of one kind. Its example holds the examples of the object. */
export function listOf<Item extends z.ZodType>(item: Item, url: string) {
  return describeList(item, pagination, { limit: 20, page: 1, url });
}

/** The schema of a page that can be read by cursor. */
export function cursorListOf<Item extends z.ZodType>(item: Item, url: string) {
  return describeList(item, cursorPagination, { limit: 20, page: 1, url, next_cursor: null });
}

function describeList<Item extends z.ZodType, Pages extends z.ZodType>(
  item: Item,
  pages: Pages,
  page: object,
) {
  const { examples: data = [] } = item.meta() ?? {};
  const example = { object: "list", pagination: { count: data.length, ...page }, data };
  return z
    .object({ object: z.literal("list"), pagination: pages, data: z.array(item) })
    .meta({ examples: [example] });
}

/** Returns a page that is in memory. */
export function presentPage<Item>(pagination: Pagination | CursorPagination, data: readonly Item[]) {
  return { object: "list", pagination, data } as const;
}

/** Writes a page as JSON piece by piece, so that a page of long lists of ids is never whole in memory. */
export async function* writePage(
  pagination: Pagination,
  items: AsyncIterable<object>,
): AsyncGenerator<string | Uint8Array> {
  let before = `{"object":"list","pagination":${JSON.stringify(pagination)},"data":[`;
  for await (const item of items) {
    yield before;
    yield* writeJson(item);
    before = ",";
  }
  yield before === "," ? "]}" : `${before}]}`;
}
