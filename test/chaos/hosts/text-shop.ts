import type { DeclaredShop } from "./declared-host.ts";

/**
 * A shop with text keys, some of them with commas, quotes and brackets. Records are deleted: a product with its images (a
 * cascade of the database) and its tags (a step), while its reviews stay, and a customer while the orders stay (steps,
 * since no rule would do it). The service may not read the profiles that customers refer to.
 */
export const TEXT_SHOP: DeclaredShop = {
  declaration: {
    records: {
      product: {
        ...{ table: "Product", key: { column: "handle", type: "text" } },
        account: { column: "store", type: "text" },
        related: {
          tags: { table: "product_tag", on: { product: "handle" } },
          reviews: { table: "review", on: { product: "handle" } },
          lines: { table: "order_line", on: { product: "handle" } },
        },
        actions: {
          delete_products: {
            effect: "deleted",
            steps: [{ delete: "tags" }, { update: "reviews", set: { product: null } }, { delete: "record" }],
            protections: [
              { code: "record.in_use", message: "The product is on an order line.", related: "lines" },
            ],
          },
        },
      },
      customer: {
        ...{ table: "customer", key: { column: "id", type: "text" } },
        account: { column: "store", type: "text" },
        related: { orders: { table: "order", on: { customer: "id" } } },
        actions: {
          delete_customers: {
            effect: "deleted",
            steps: [
              { update: "orders", set: { customer: null, note: "the customer is gone" } },
              { delete: "record" },
            ],
          },
        },
      },
    },
  },
  tables: `
  CREATE TABLE public."Product" (
    handle text PRIMARY KEY, store varchar(40) NOT NULL, name text NOT NULL, "updatedAt" timestamptz DEFAULT now());
  CREATE TABLE public.product_tag (product text NOT NULL, tag text NOT NULL, PRIMARY KEY (product, tag));
  CREATE TABLE public.review (id bigserial PRIMARY KEY, product text, text text NOT NULL);
  CREATE INDEX ON public.review (product);
  CREATE TABLE public.image (
    id serial PRIMARY KEY, product text NOT NULL REFERENCES public."Product" ON DELETE CASCADE);
  CREATE INDEX ON public.image (product);
  CREATE TABLE public.profile (id varchar(60) PRIMARY KEY);
  CREATE TABLE public.customer (
    id varchar(60) PRIMARY KEY, store varchar(40) NOT NULL, name text NOT NULL, "updatedAt" timestamptz DEFAULT now(),
    profile varchar(60) REFERENCES public.profile);
  CREATE TABLE public."order" (
    id bigserial PRIMARY KEY, store varchar(40) NOT NULL, customer varchar(60) REFERENCES public.customer, note text);
  CREATE INDEX ON public."order" (customer);
  CREATE TABLE public.order_line (
    id bigserial PRIMARY KEY, "orderId" bigint NOT NULL REFERENCES public."order",
    product text NOT NULL REFERENCES public."Product" ON DELETE RESTRICT);
  CREATE INDEX ON public.order_line (product);`,
};
