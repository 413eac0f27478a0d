import { openEverShop } from "./evershop.ts";
import { openMedusa } from "./medusa.ts";
import type { OwnCode, Place, Records } from "./own-code.ts";
import { openVendure } from "./vendure.ts";

/** What this process is told to do: fill the database, or delete these records. */
export type Task = Place & { readonly shop: ShopName; readonly records?: Records };

/** The last message to the parent process: the ids that the shop refused to delete, with its words. */
export type Refused = Readonly<Record<string, string>>;

export type ShopName = keyof typeof SHOPS;

const SHOPS = { vendure: openVendure, medusa: openMedusa, evershop: openEverShop } as const;

const task = JSON.parse(process.argv[2] ?? "") as Task;
const shop = await SHOPS[task.shop](task);
const refused = await work(shop);
process.send?.(refused);
console.log(`done, ${Object.keys(refused).length} refused`);
// The shops keep timers and connections open.
process.exit(0);

async function work(shop: OwnCode): Promise<Refused> {
  if (task.records === undefined) {
    await shop.fill();
    return {};
  }
  return {
    ...(await deleteAll(task.records.products, shop.deleteProduct)),
    ...(await deleteAll(task.records.customers, shop.deleteCustomer)),
  };
}

async function deleteAll(
  ids: readonly string[],
  deleteOne: (id: string) => Promise<unknown>,
): Promise<Refused> {
  const refused: Record<string, string> = {};
  for (const id of ids) {
    try {
      await deleteOne(id);
    } catch (error) {
      refused[id] = describe(error);
    }
  }
  return refused;
}

/** Medusa throws plain objects. */
function describe(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error
    ? String(error.message)
    : String(error);
}
