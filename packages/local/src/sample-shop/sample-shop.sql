-- The sample shop, in a schema that is not the service's, as any host's tables are. Only demo, `pnpm start` on the embedded
-- server, `pnpm seed` and the tests create it.
CREATE TABLE public.customers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id uuid NOT NULL,
  email text NOT NULL,
  name text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- Serves the filter by created_at.
CREATE INDEX customers_account_id_created_at_idx ON public.customers (account_id, created_at);

CREATE TABLE public.products (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id uuid NOT NULL,
  name text NOT NULL,
  sku text NOT NULL,
  price_amount integer NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  -- When it was archived; null: it is not.
  archived_at timestamptz(3)
);
CREATE INDEX products_account_id_created_at_idx ON public.products (account_id, created_at);

-- Deleting its customer sets customer_id to null.
CREATE TABLE public.orders (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_id uuid NOT NULL,
  customer_id uuid REFERENCES public.customers ON DELETE SET NULL ON UPDATE CASCADE,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX orders_account_id_idx ON public.orders (account_id);
CREATE INDEX orders_customer_id_idx ON public.orders (customer_id);

-- RESTRICT prevents the deletion of a product that is on an order line.
CREATE TABLE public.line_items (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  order_id uuid NOT NULL REFERENCES public.orders ON DELETE CASCADE ON UPDATE CASCADE,
  product_id uuid NOT NULL REFERENCES public.products ON DELETE RESTRICT ON UPDATE CASCADE,
  quantity integer NOT NULL DEFAULT 1
);
CREATE INDEX line_items_order_id_idx ON public.line_items (order_id);
CREATE INDEX line_items_product_id_idx ON public.line_items (product_id);
