import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { OwnCode, Place } from "./own-code.ts";

/** EverShop's services, without its web server and its event process. */
export async function openEverShop({ folder, databaseUrl }: Place): Promise<OwnCode> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  Object.assign(process.env, {
    DB_HOST: hostname,
    DB_PORT: port,
    DB_NAME: pathname.slice(1),
    DB_USER: username,
    DB_PASSWORD: decodeURIComponent(password),
    DB_SSLMODE: "disable",
    NODE_ENV: "production",
    ALLOW_CONFIG_MUTATIONS: "true",
    // Its configuration is optional, but for its warnings.
    SUPPRESS_NO_CONFIG_WARNING: "true",
    SUPPRESS_STRICTNESS_CHECK: "true",
  });
  process.chdir(folder);
  const load: Load = (path) =>
    import(pathToFileURL(join(folder, "node_modules/@evershop/evershop/dist", path)).href);
  return {
    fill: () => fill(load),
    async deleteProduct(uuid) {
      return await (await load("modules/catalog/services/product/deleteProduct.js")).default(uuid, {});
    },
    async deleteCustomer(uuid) {
      return await (await load("modules/customer/services/customer/deleteCustomer.js")).default(uuid, {});
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the types of packages that are not installed here.
type Load = (path: string) => Promise<any>;

const PRODUCTS = 200;
const CUSTOMERS = 200;

async function fill(load: Load): Promise<void> {
  const { pool } = await load("lib/postgres/connection.js");
  await pool.query(ADMIN_USER);
  const { migrate } = await load("bin/lib/bootstrap/migrate.js");
  const { getCoreModules } = await load("bin/lib/loadModules.js");
  await migrate(getCoreModules());
  await createProducts(load);
  await createCustomers(load);
  await pool.query(VISITS);
}

async function createProducts(load: Load): Promise<void> {
  const createProduct = (await load("modules/catalog/services/product/createProduct.js")).default;
  const writeUrl = (await load("modules/catalog/subscribers/product_created/buildUrlRewrite.js")).default;
  for (let index = 0; index < PRODUCTS; index++) {
    const product = await createProduct(
      {
        name: `Product ${index}`,
        sku: `SKU-${index}`,
        price: String(10 + index),
        weight: "1",
        qty: "100",
        url_key: `product-${index}`,
        status: "1",
        visibility: "1",
        manage_stock: "1",
        stock_availability: "1",
        group_id: "1",
        package_id: "1",
        images: [`/media/${index}.png`],
      },
      {},
    );
    // What the shop's event process does with the event of the product.
    await writeUrl(product);
  }
}

async function createCustomers(load: Load): Promise<void> {
  const createCustomer = (await load("modules/customer/services/customer/createCustomer.js")).default;
  const createAddress = (await load("modules/customer/services/customer/address/createCustomerAddress.js"))
    .default;
  for (let index = 0; index < CUSTOMERS; index++) {
    const { uuid } = await createCustomer(
      { full_name: `Ada ${index}`, email: `ada-${index}@example.com`, password: "secret123" },
      {},
    );
    await createAddress(
      uuid,
      {
        full_name: `Ada ${index}`,
        telephone: "123456",
        address_1: `Street ${index}`,
        city: "Town",
        country: "DE",
        province: "DE-BE",
        postcode: "12345",
      },
      {},
    );
  }
}

// As the command `evershop install` begins.
const ADMIN_USER = `
  CREATE TABLE IF NOT EXISTS "admin_user" (
    "admin_user_id" INT GENERATED ALWAYS AS IDENTITY (START WITH 1 INCREMENT BY 1) PRIMARY KEY,
    "uuid" UUID NOT NULL DEFAULT gen_random_uuid (),
    "status" boolean NOT NULL DEFAULT TRUE,
    "email" varchar NOT NULL,
    "password" varchar NOT NULL,
    "full_name" varchar DEFAULT NULL,
    "created_at" TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "ADMIN_USER_EMAIL_UNIQUE" UNIQUE ("email"),
    CONSTRAINT "ADMIN_USER_UUID_UNIQUE" UNIQUE ("uuid")
  );`;

/** Rows that visitors write: carts, orders, tokens, redirects and what products have in common. */
const VISITS = `
  WITH placed AS (
    INSERT INTO cart (currency, customer_id, customer_email, sub_total, sub_total_incl_tax, sub_total_with_discount,
      sub_total_with_discount_incl_tax, total_qty, tax_amount, tax_amount_before_discount, shipping_tax_amount, grand_total)
    SELECT 'EUR', customer_id, email, 30, 30, 30, 30, 3, 0, 0, 0, 30 FROM customer WHERE customer_id % 2 = 1
    RETURNING cart_id, customer_id)
  INSERT INTO cart_item (cart_id, product_id, product_sku, product_name, product_price, product_price_incl_tax, qty,
    final_price, final_price_incl_tax, tax_percent, tax_amount, tax_amount_before_discount, discount_amount, line_total,
    line_total_with_discount, line_total_incl_tax, line_total_with_discount_incl_tax)
  SELECT cart_id, product_id, sku, sku, 10, 10, 1, 10, 10, 0, 0, 0, 0, 10, 10, 10, 10
  FROM placed JOIN product ON product_id IN (customer_id, customer_id / 2 + 1, 200 - customer_id);

  INSERT INTO "order" (order_number, status, cart_id, currency, customer_id, customer_email, sub_total, sub_total_incl_tax,
    sub_total_with_discount, sub_total_with_discount_incl_tax, total_qty, tax_amount, tax_amount_before_discount,
    shipping_tax_amount, grand_total)
  SELECT cart_id::text, 'new', cart_id, currency, customer_id, customer_email, 30, 30, 30, 30, 3, 0, 0, 0, 30
  FROM cart WHERE customer_id % 4 = 1;
  INSERT INTO order_item (order_item_order_id, product_id, product_sku, product_name, product_price,
    product_price_incl_tax, qty, final_price, final_price_incl_tax, tax_percent, tax_amount, tax_amount_before_discount,
    discount_amount, line_total, line_total_with_discount, line_total_incl_tax, line_total_with_discount_incl_tax)
  SELECT order_id, product_id, product_sku, product_name, 10, 10, 1, 10, 10, 0, 0, 0, 0, 10, 10, 10, 10
  FROM "order" JOIN cart_item USING (cart_id);

  INSERT INTO reset_password_token (customer_id, token)
  SELECT customer_id, md5(customer_id::text) FROM customer WHERE customer_id % 5 = 0;
  INSERT INTO url_redirect (from_path, to_path, entity_urn, source)
  SELECT '/old-' || product_id, '/product-' || product_id, 'urn:evershop:catalog:product:' || uuid, 'auto'
  FROM product WHERE product_id % 3 = 0;
  INSERT INTO collection (name, code) VALUES ('New', 'new');
  INSERT INTO product_collection (collection_id, product_id)
  SELECT collection_id, product_id FROM collection, product WHERE product_id % 2 = 0;
  INSERT INTO product_link (product_id, linked_product_id, type)
  SELECT product_id, 1 + product_id % 199, 'related' FROM product WHERE product_id % 4 = 0;
  INSERT INTO product_relation (product_id, related_product_id, co_purchase_count)
  SELECT product_id, 1 + (product_id + 6) % 199, 2 FROM product WHERE product_id % 5 = 0;
  INSERT INTO product_stat (product_id, order_count) SELECT product_id, 1 FROM product;`;
