import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadFrom, type OwnCode, type Place } from "./own-code.ts";

/** Medusa's workflows on a loaded application without HTTP, as `medusa exec` starts it. */
export async function openMedusa({ folder, databaseUrl }: Place): Promise<OwnCode> {
  await writeFile(join(folder, "medusa-config.js"), CONFIGURATION);
  Object.assign(process.env, {
    DATABASE_URL: databaseUrl,
    // Its command asks for ts-node otherwise.
    NODE_ENV: "production",
    MEDUSA_WORKER_MODE: "server",
    MEDUSA_DISABLE_TELEMETRY: "true",
    LOG_LEVEL: "warn",
  });
  process.chdir(folder);
  const load = loadFrom(folder);
  let shop: Promise<Shop> | undefined;
  // Not before the tables are there.
  const run: Shop["run"] = async (workflow, input) => {
    shop ??= openShop(folder, load);
    return await (await shop).run(workflow, input);
  };
  return {
    async fill() {
      execFileSync(join(folder, "node_modules", ".bin", "medusa"), ["db:migrate", "--execute-all-links"], {
        stdio: "inherit",
      });
      await fill(await openShop(folder, load));
    },
    deleteProduct: (id) => run("deleteProductsWorkflow", { ids: [id] }),
    deleteCustomer: (customerId) => run("removeCustomerAccountWorkflow", { customerId }),
  };
}

async function openShop(folder: string, load: NodeJS.Require) {
  const { container } = await load("@medusajs/medusa/loaders/index").default({
    directory: folder,
    expressApp: load("express")(),
    skipLoadingEntryPoints: true,
  });
  const flows = load("@medusajs/medusa/core-flows");
  return {
    container,
    async run(workflow: string, input: unknown) {
      return (await flows[workflow](container).run({ input })).result;
    },
  };
}

type Shop = Awaited<ReturnType<typeof openShop>>;

const PRODUCTS = 200;
const CUSTOMERS = 200;

async function fill(shop: Shop): Promise<void> {
  const { run } = shop;
  const [channel] = await run("createSalesChannelsWorkflow", { salesChannelsData: [{ name: "Web" }] });
  const [location] = await run("createStockLocationsWorkflow", { locations: [{ name: "Store" }] });
  await run("linkSalesChannelsToStockLocationWorkflow", { id: location.id, add: [channel.id] });
  const [region] = await run("createRegionsWorkflow", {
    regions: [{ name: "Europe", currency_code: "eur", countries: ["de"] }],
  });
  const products = await createProducts(shop, await createCommon(shop, channel.id, region.id));
  // A shop that has lived: some were deleted before.
  await run("deleteProductsWorkflow", { ids: products.slice(190, 193).map(({ id }) => id) });
  await stock(shop, location.id);
  const customers = await createCustomers(shop);
  await placeOrders(shop, { products, customers, channelId: channel.id, regionId: region.id });
  await run("deleteCustomersWorkflow", { ids: customers.slice(190, 193).map(({ id }) => id) });
}

type Item = { readonly id: string };

type Product = Item & { readonly variants: readonly Item[]; readonly images: readonly Item[] };

/** What products have in common. */
type Common = {
  readonly channelId: string;
  readonly regionId: string;
  readonly categoryId: string;
  readonly profileId: string;
  readonly tagId: string;
  readonly materialId: string;
};

async function createCommon({ run }: Shop, channelId: string, regionId: string): Promise<Common> {
  const [category] = await run("createProductCategoriesWorkflow", {
    product_categories: [{ name: "Clothes", is_active: true }],
  });
  const [profile] = await run("createShippingProfilesWorkflow", {
    data: [{ name: "Parcel", type: "default" }],
  });
  const [tag] = await run("createProductTagsWorkflow", { product_tags: [{ value: "summer" }] });
  const [material] = await run("createProductOptionsWorkflow", {
    product_options: [{ title: "Material", values: ["Cotton", "Wool"], is_exclusive: false }],
  });
  return {
    ...{ channelId, regionId, categoryId: category.id, profileId: profile.id },
    ...{ tagId: tag.id, materialId: material.id },
  };
}

/** Two to four variants a product, each with a stock of its own; some of two products share an item. */
async function createProducts({ container, run }: Shop, common: Common): Promise<readonly Product[]> {
  const products: Product[] = [];
  for (let from = 0; from < PRODUCTS; from += 50) {
    const created = await run("createProductsWorkflow", {
      products: Array.from({ length: 50 }, (_, offset) => describeProduct(from + offset, common)),
    });
    products.push(...created);
  }
  // Two bundles of parts that other products are sold with as well: of the first pair both products are deleted later, of
  // the second one only.
  for (const [bundle, part] of [
    [10, 11],
    [12, 150],
  ] as const) {
    await shareItem(container, products[bundle], products[part]);
  }
  for (const { variants, images } of products.filter((_, index) => index % 8 === 0)) {
    await run("batchVariantImagesWorkflow", { variant_id: variants[0]?.id, add: [images[0]?.id] });
  }
  return products;
}

/** Sells an inventory item of one product with a variant of another one, too. */
async function shareItem(container: Shop["container"], bundle?: Product, part?: Product): Promise<void> {
  const { data } = await container.resolve("query").graph({
    entity: "variant",
    fields: ["id", "inventory_items.inventory_item_id"],
    filters: { id: part?.variants[0]?.id },
  });
  await container.resolve("link").create({
    product: { variant_id: bundle?.variants[0]?.id },
    inventory: { inventory_item_id: data[0].inventory_items[0].inventory_item_id },
  });
}

function describeProduct(index: number, common: Common) {
  const sizes = ["S", "M", "L", "XL"].slice(0, 2 + (index % 3));
  // Every third product has an option that others have as well, instead of its own.
  const option = index % 3 === 2 ? "Material" : "Size";
  const values = option === "Material" ? ["Cotton", "Wool"] : sizes;
  return {
    title: `Product ${index}`,
    status: "published",
    options: [
      option === "Material" ? { id: common.materialId, title: option } : { title: option, values: sizes },
    ],
    images: [{ url: `https://example.com/${index}.png` }],
    tag_ids: index % 5 === 0 ? [common.tagId] : [],
    category_ids: index % 2 === 0 ? [common.categoryId] : [],
    sales_channels: [{ id: common.channelId }],
    ...(index % 4 === 0 && { shipping_profile_id: common.profileId }),
    variants: values.map((value, position) => ({
      title: value,
      sku: `SKU-${index}-${value}`,
      // The last variant of every sixth product is not counted.
      manage_inventory: !(index % 6 === 0 && position === values.length - 1),
      options: { [option]: value },
      prices: [
        { amount: 10 + index, currency_code: "eur" },
        ...(index % 7 === 0
          ? [{ amount: 9 + index, currency_code: "eur", rules: { region_id: common.regionId } }]
          : []),
      ],
    })),
  };
}

/** Every item is on stock; each thirtieth has a reservation. */
async function stock({ container, run }: Shop, locationId: string): Promise<void> {
  const items = await container
    .resolve("inventory")
    .listInventoryItems({}, { take: 5_000, order: { sku: "ASC" } });
  await run("createInventoryLevelsWorkflow", {
    inventory_levels: items.map(({ id }: { id: string }) => ({
      inventory_item_id: id,
      location_id: locationId,
      stocked_quantity: 100,
    })),
  });
  const reserved = items.filter((_: unknown, index: number) => index % 30 === 7);
  await run("createReservationsWorkflow", {
    reservations: reserved.map(({ id }: { id: string }) => ({
      inventory_item_id: id,
      location_id: locationId,
      quantity: 1,
    })),
  });
}

type Customer = { readonly id: string; readonly email: string };

/** Every third customer has an account, the others are guests. */
async function createCustomers(shop: Shop): Promise<readonly Customer[]> {
  const { run } = shop;
  const customers: Customer[] = [];
  for (let index = 0; index < CUSTOMERS; index++) {
    const customer = { first_name: "Ada", last_name: `Number ${index}`, email: `ada-${index}@example.com` };
    customers.push(
      index % 3 === 0
        ? await createAccount(shop, customer, index % 15 === 0)
        : await createGuest(run, customer),
    );
  }
  await run("createCustomerAddressesWorkflow", {
    addresses: customers.map(({ id }, index) => ({
      customer_id: id,
      address_1: `Street ${index}`,
      city: "Town",
      country_code: "de",
    })),
  });
  const [group] = await run("createCustomerGroupsWorkflow", { customersData: [{ name: "Regulars" }] });
  const add = customers.slice(0, 60).map(({ id }) => id);
  await run("linkCustomersToCustomerGroupWorkflow", { id: group.id, add });
  return customers;
}

async function createGuest(run: Shop["run"], customer: object): Promise<Customer> {
  const [created] = await run("createCustomersWorkflow", { customersData: [customer] });
  return created;
}

/** A customer with a login, which may be that of an administrator as well. */
async function createAccount(
  { container, run }: Shop,
  customer: { readonly email: string },
  isAdministrator: boolean,
): Promise<Customer> {
  const identity = await container.resolve("auth").createAuthIdentities({
    provider_identities: [{ provider: "emailpass", entity_id: customer.email, provider_metadata: {} }],
    ...(isAdministrator && { app_metadata: { user_id: `user of ${customer.email}` } }),
  });
  return await run("createCustomerAccountWorkflow", { authIdentityId: identity.id, customerData: customer });
}

type Goods = {
  readonly products: readonly Product[];
  readonly customers: readonly Customer[];
  readonly channelId: string;
  readonly regionId: string;
};

/** Each fourth customer has an order with three lines. */
async function placeOrders(
  { run }: Shop,
  { products, customers, channelId, regionId }: Goods,
): Promise<void> {
  for (const [index, customer] of customers.entries()) {
    if (index % 4 !== 1) continue;
    const items = [0, 7, 14].map((line) => {
      const product = products[(index + line) % 190];
      return { variant_id: product?.variants[0]?.id, quantity: 1, title: "Product", unit_price: 10 };
    });
    await run("createOrderWorkflow", {
      region_id: regionId,
      sales_channel_id: channelId,
      customer_id: customer.id,
      email: customer.email,
      currency_code: "eur",
      items,
    });
  }
}

const CONFIGURATION = `const { defineConfig } = require("@medusajs/framework/utils");
module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    http: { storeCors: "", adminCors: "", authCors: "", jwtSecret: "secret", cookieSecret: "secret" },
  },
  admin: { disable: true },
});
`;
