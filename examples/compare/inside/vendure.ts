import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadFrom, type OwnCode, type Place } from "./own-code.ts";

/** Vendure's services without HTTP, as its own worker starts them. Its job queue is not started. */
export async function openVendure(place: Place): Promise<OwnCode> {
  const shop = await openShop(place);
  return {
    fill: () => fill(shop, place),
    deleteProduct: (id) => softDelete(shop, "ProductService", id),
    deleteCustomer: (id) => softDelete(shop, "CustomerService", id),
  };
}

/** In a transaction, as the resolvers of Vendure's API. */
async function softDelete({ context, get }: Shop, service: string, id: string): Promise<void> {
  await get("TransactionalConnection").withTransaction(context, (transaction: unknown) =>
    get(service).softDelete(transaction, id),
  );
}

async function openShop({ folder, databaseUrl }: Place) {
  const core = loadFrom(folder)("@vendure/core");
  const { app } = await core.bootstrapWorker(
    core.mergeConfig(core.defaultConfig, {
      dbConnectionOptions: {
        type: "postgres",
        url: databaseUrl,
        // Creates the tables: the way in which @vendure/create sets up a new shop.
        synchronize: true,
        logging: false,
      },
      authOptions: { superadminCredentials: { identifier: "superadmin", password: "superadmin" } },
      paymentOptions: { paymentMethodHandlers: [core.dummyPaymentHandler] },
      logger: new core.DefaultLogger({ level: core.LogLevel.Warn }),
      plugins: [core.DefaultJobQueuePlugin.init({}), core.DefaultSearchPlugin.init({ bufferUpdates: false })],
    }),
  );
  return { core, app, context: await createContext(core, app), get: (name: string) => app.get(core[name]) };
}

/** A request of the administrator in the default channel, as that is now. */
// biome-ignore lint/suspicious/noExplicitAny: the types of packages that are not installed here.
async function createContext(core: any, app: any) {
  const user = await app
    .get(core.UserService)
    .getUserByEmailAddress(core.RequestContext.empty(), "superadmin");
  return await app.get(core.RequestContextService).create({ apiType: "admin", user });
}

type Shop = Awaited<ReturnType<typeof openShop>>;

const PRODUCTS = 200;
const CUSTOMERS = 200;

async function fill({ core, app, ...rest }: Shop, { folder }: Place): Promise<void> {
  const populate = loadFrom(folder)("@vendure/core/cli");
  const file = join(folder, "products.csv");
  await writeFile(file, writeProducts());
  await populate.populateInitialData(app, INITIAL_DATA);
  await populate.importProductsFromCsv(app, file, "en");
  await populate.populateCollections(app, INITIAL_DATA);
  // With the taxes of the initial data.
  const shop = { core, app, ...rest, context: await createContext(core, app) };
  const customers = await createCustomers(shop);
  await placeOrders(shop, customers);
  await deleteSome(shop, customers);
}

/** Two to four variants a product; sizes are options, the brand is a facet. */
function writeProducts(): string {
  const header =
    "name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets";
  const lines = Array.from({ length: PRODUCTS }, (_, index) => {
    const variants = ["S", "M", "L", "XL"].slice(0, 2 + (index % 3));
    return variants.map((size, position) =>
      [
        ...(position === 0
          ? [`Product ${index}`, `product-${index}`, "Soft", "", `brand:brand ${index % 5}`, "size"]
          : ["", "", "", "", "", ""]),
        ...[size, `SKU-${index}-${size}`, String(10 + index), "standard", "100", "true", "", "season:summer"],
      ].join(","),
    );
  });
  return [header, ...lines.flat()].join("\n");
}

async function createCustomers(shop: Shop) {
  const { context, get } = shop;
  const customers = [];
  for (let index = 0; index < CUSTOMERS; index++) {
    const customer = await createCustomer(shop, index);
    await get("CustomerService").createAddress(context, customer.id, {
      streetLine1: `Street ${index}`,
      city: "Town",
      postalCode: "12345",
      countryCode: "GB",
    });
    customers.push(customer);
  }
  const group = { name: "Regulars", customerIds: customers.slice(0, 60).map(({ id }) => id) };
  await get("CustomerGroupService").create(context, group);
  return customers;
}

/** Each fifth customer is a guest, without a user; each fourth is logged in. */
async function createCustomer({ core, context, get }: Shop, index: number) {
  const emailAddress = `ada-${index}@example.com`;
  const input = { firstName: "Ada", lastName: `Number ${index}`, emailAddress };
  if (index % 5 === 0) return await get("CustomerService").createOrUpdate(context, input);
  const customer = await get("CustomerService").create(context, input, "secret12");
  if (index % 4 === 1) {
    const { id } = await get("UserService").getUserByEmailAddress(context, emailAddress, "customer");
    const user = await get("UserService").getUserById(context, id);
    await get("SessionService").createNewAuthenticatedSession(context, user, core.NATIVE_AUTH_STRATEGY_NAME);
  }
  return customer;
}

/** Each fourth customer has an order with three lines that is paid; each tenth has one that is still a cart. */
async function placeOrders(shop: Shop, customers: readonly { id: string; user?: { id: string } }[]) {
  const { context, get } = shop;
  const variants = (await get("ProductVariantService").findAll(context, { take: 100 })).items;
  for (const [index, customer] of customers.entries()) {
    if (index % 4 !== 1 && index % 10 !== 2) continue;
    const orders = get("OrderService");
    const order = await orders.create(context, customer.user?.id);
    await orders.addCustomerToOrder(
      context,
      order.id,
      await get("CustomerService").findOne(context, customer.id),
    );
    for (const line of [0, 7, 14]) {
      await orders.addItemToOrder(
        context,
        order.id,
        variants[(index + line) % variants.length].id,
        1 + (index % 2),
      );
    }
    if (index % 4 === 1) await pay(shop, order.id);
  }
}

async function pay({ context, get }: Shop, orderId: string): Promise<void> {
  const orders = get("OrderService");
  await orders.setShippingAddress(context, orderId, {
    fullName: "Ada",
    streetLine1: "Street 1",
    city: "Town",
    postalCode: "12345",
    countryCode: "GB",
  });
  const [method] = await orders.getEligibleShippingMethods(context, orderId);
  await orders.setShippingMethod(context, orderId, [method.id]);
  await orders.transitionToState(context, orderId, "ArrangingPayment");
  const paid = await get("TransactionalConnection").withTransaction(context, (transaction: unknown) =>
    orders.addPaymentToOrder(transaction, orderId, { method: "standard-payment", metadata: {} }),
  );
  if (paid.state !== "PaymentSettled" && paid.state !== "PaymentAuthorized") {
    throw new Error(`The order is not paid: ${JSON.stringify(paid)}`);
  }
}

/** A shop that has lived: some products, variants and customers were deleted before. */
async function deleteSome({ context, get }: Shop, customers: readonly { id: string }[]): Promise<void> {
  for (const id of [3, 4, 5]) await get("ProductService").softDelete(context, id);
  for (const id of [30, 40, 50]) await get("ProductVariantService").softDelete(context, id);
  for (const { id } of customers.slice(0, 3)) await get("CustomerService").softDelete(context, id);
}

const INITIAL_DATA = {
  defaultLanguage: "en",
  defaultZone: "Europe",
  countries: [{ code: "GB", name: "United Kingdom", zone: "Europe" }],
  taxRates: [{ name: "Standard Tax", percentage: 20 }],
  shippingMethods: [{ name: "Standard Shipping", price: 500 }],
  paymentMethods: [
    {
      name: "Standard Payment",
      handler: { code: "dummy-payment-handler", arguments: [{ name: "automaticSettle", value: "true" }] },
    },
  ],
  collections: [
    {
      name: "Brand",
      filters: [
        { code: "facet-value-filter", args: { facetValueNames: ["brand:brand 1"], containsAny: false } },
      ],
    },
  ],
};
