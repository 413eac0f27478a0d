-- A shop like Medusa 2.21 on PostgreSQL, reduced to what its deletions touch and what refers to that: names, types, keys,
-- rules and partial indexes are those that Medusa's migrations create. `:size` products with two variants each, as many
-- customers. Ids have Medusa's prefixes and the length of its ULIDs.

CREATE TABLE product (
  id text PRIMARY KEY,
  title text NOT NULL,
  handle text NOT NULL,
  metadata jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX "IDX_product_handle_unique" ON product (handle) WHERE deleted_at IS NULL;

CREATE TABLE product_variant (
  id text PRIMARY KEY,
  title text NOT NULL,
  sku text,
  manage_inventory boolean NOT NULL DEFAULT true,
  product_id text REFERENCES product ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON product_variant (product_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX "IDX_product_variant_sku_unique" ON product_variant (sku) WHERE deleted_at IS NULL;

CREATE TABLE image (
  id text PRIMARY KEY,
  url text NOT NULL,
  product_id text NOT NULL REFERENCES product ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON image (product_id) WHERE deleted_at IS NULL;

CREATE TABLE product_variant_product_image (
  id text PRIMARY KEY,
  variant_id text NOT NULL,
  image_id text NOT NULL REFERENCES image ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON product_variant_product_image (image_id) WHERE deleted_at IS NULL;

CREATE TABLE product_option (
  id text PRIMARY KEY,
  title text NOT NULL,
  is_exclusive boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX "IDX_product_option_global_title_unique" ON product_option (title)
  WHERE deleted_at IS NULL AND is_exclusive = false;

CREATE TABLE product_option_value (
  id text PRIMARY KEY,
  value text NOT NULL,
  option_id text REFERENCES product_option ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX "IDX_option_value_option_id_unique" ON product_option_value (option_id, value) WHERE deleted_at IS NULL;

CREATE TABLE product_product_option (
  id text PRIMARY KEY,
  product_id text NOT NULL REFERENCES product ON UPDATE CASCADE ON DELETE CASCADE,
  product_option_id text NOT NULL REFERENCES product_option ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON product_product_option (product_id) WHERE deleted_at IS NULL;
CREATE INDEX ON product_product_option (product_option_id) WHERE deleted_at IS NULL;

CREATE TABLE product_product_option_value (
  id text PRIMARY KEY,
  product_product_option_id text NOT NULL REFERENCES product_product_option ON UPDATE CASCADE ON DELETE CASCADE,
  product_option_value_id text NOT NULL REFERENCES product_option_value ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON product_product_option_value (product_product_option_id);
CREATE INDEX ON product_product_option_value (product_option_value_id) WHERE deleted_at IS NULL;

CREATE TABLE product_variant_option (
  variant_id text NOT NULL REFERENCES product_variant ON UPDATE CASCADE ON DELETE CASCADE,
  option_value_id text NOT NULL REFERENCES product_option_value ON UPDATE CASCADE ON DELETE CASCADE,
  PRIMARY KEY (variant_id, option_value_id)
);

CREATE TABLE product_category_product (
  product_id text NOT NULL REFERENCES product ON UPDATE CASCADE ON DELETE CASCADE,
  product_category_id text NOT NULL,
  PRIMARY KEY (product_id, product_category_id)
);

-- Links between modules have no foreign keys.
CREATE TABLE product_sales_channel (
  product_id varchar(255) NOT NULL,
  sales_channel_id varchar(255) NOT NULL,
  id varchar(255) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  PRIMARY KEY (product_id, sales_channel_id)
);
CREATE INDEX ON product_sales_channel (product_id) WHERE deleted_at IS NULL;
CREATE INDEX ON product_sales_channel (sales_channel_id) WHERE deleted_at IS NULL;

CREATE TABLE product_shipping_profile (
  product_id varchar(255) NOT NULL,
  shipping_profile_id varchar(255) NOT NULL,
  id varchar(255) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  PRIMARY KEY (product_id, shipping_profile_id)
);
CREATE INDEX ON product_shipping_profile (product_id) WHERE deleted_at IS NULL;
CREATE INDEX ON product_shipping_profile (shipping_profile_id) WHERE deleted_at IS NULL;

CREATE TABLE product_variant_inventory_item (
  variant_id varchar(255) NOT NULL,
  inventory_item_id varchar(255) NOT NULL,
  id varchar(255) NOT NULL,
  required_quantity numeric NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  PRIMARY KEY (variant_id, inventory_item_id)
);
CREATE INDEX ON product_variant_inventory_item (variant_id) WHERE deleted_at IS NULL;
CREATE INDEX ON product_variant_inventory_item (inventory_item_id) WHERE deleted_at IS NULL;

CREATE TABLE product_variant_price_set (
  variant_id varchar(255) NOT NULL,
  price_set_id varchar(255) NOT NULL,
  id varchar(255) NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  PRIMARY KEY (variant_id, price_set_id)
);
CREATE INDEX ON product_variant_price_set (variant_id) WHERE deleted_at IS NULL;
CREATE INDEX ON product_variant_price_set (price_set_id) WHERE deleted_at IS NULL;

CREATE TABLE price_set (
  id text PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);

CREATE TABLE price (
  id text PRIMARY KEY,
  price_set_id text NOT NULL REFERENCES price_set ON UPDATE CASCADE ON DELETE CASCADE,
  currency_code text NOT NULL,
  amount numeric NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON price (price_set_id) WHERE deleted_at IS NULL;

CREATE TABLE price_rule (
  id text PRIMARY KEY,
  attribute text NOT NULL DEFAULT '',
  value text NOT NULL,
  price_id text NOT NULL REFERENCES price ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON price_rule (price_id) WHERE deleted_at IS NULL;

CREATE TABLE inventory_item (
  id text PRIMARY KEY,
  sku text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX "IDX_inventory_item_sku" ON inventory_item (sku) WHERE deleted_at IS NULL;

CREATE TABLE inventory_level (
  id text PRIMARY KEY,
  inventory_item_id text NOT NULL REFERENCES inventory_item ON UPDATE CASCADE ON DELETE CASCADE,
  location_id text NOT NULL,
  stocked_quantity numeric NOT NULL DEFAULT 0,
  reserved_quantity numeric NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON inventory_level (inventory_item_id) WHERE deleted_at IS NULL;

CREATE TABLE reservation_item (
  id text PRIMARY KEY,
  inventory_item_id text NOT NULL REFERENCES inventory_item ON UPDATE CASCADE ON DELETE CASCADE,
  line_item_id text,
  quantity numeric NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON reservation_item (inventory_item_id) WHERE deleted_at IS NULL;

CREATE TABLE customer (
  id text PRIMARY KEY,
  email text,
  has_account boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE UNIQUE INDEX "IDX_customer_email_has_account_unique" ON customer (email, has_account) WHERE deleted_at IS NULL;

CREATE TABLE customer_address (
  id text PRIMARY KEY,
  customer_id text NOT NULL REFERENCES customer ON UPDATE CASCADE ON DELETE CASCADE,
  city text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON customer_address (customer_id);

CREATE TABLE customer_group_customer (
  id text PRIMARY KEY,
  customer_id text NOT NULL REFERENCES customer ON UPDATE CASCADE ON DELETE CASCADE,
  customer_group_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON customer_group_customer (customer_id);

CREATE TABLE auth_identity (
  id text PRIMARY KEY,
  app_metadata jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);

CREATE TABLE provider_identity (
  id text PRIMARY KEY,
  entity_id text NOT NULL,
  provider text NOT NULL,
  auth_identity_id text NOT NULL REFERENCES auth_identity ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON provider_identity (auth_identity_id);
CREATE UNIQUE INDEX "IDX_provider_identity_provider_entity_id" ON provider_identity (entity_id, provider);

CREATE TABLE auth_mfa_factor (
  id text PRIMARY KEY,
  auth_identity_id text NOT NULL REFERENCES auth_identity ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON auth_mfa_factor (auth_identity_id);

CREATE TABLE auth_mfa_recovery_code (
  id text PRIMARY KEY,
  auth_identity_id text NOT NULL REFERENCES auth_identity ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON auth_mfa_recovery_code (auth_identity_id);

CREATE TABLE auth_verification (
  id text PRIMARY KEY,
  auth_identity_id text NOT NULL REFERENCES auth_identity ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON auth_verification (auth_identity_id);

CREATE TABLE auth_password_reset_token (
  id text PRIMARY KEY,
  auth_identity_id text NOT NULL REFERENCES auth_identity ON UPDATE CASCADE ON DELETE CASCADE,
  provider_identity_id text NOT NULL REFERENCES provider_identity ON UPDATE CASCADE ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);
CREATE INDEX ON auth_password_reset_token (auth_identity_id);
CREATE INDEX ON auth_password_reset_token (provider_identity_id);

-- References without a foreign key.
CREATE TABLE "order" (
  id text PRIMARY KEY,
  customer_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);

CREATE TABLE order_line_item (
  id text PRIMARY KEY,
  product_id text,
  variant_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);

-- Stands in for Medusa's ULIDs.
CREATE FUNCTION shop_id(prefix text, number bigint) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN prefix || '_01K' || upper(lpad(to_hex(number), 23, '0'));

INSERT INTO product (id, title, handle)
  SELECT shop_id('prod', n), 'Product ' || n, 'product-' || n FROM generate_series(1, :size) AS n;
INSERT INTO product_variant (id, title, sku, product_id)
  SELECT shop_id('variant', 2 * n + s), 'Size ' || s, 'SKU-' || n || '-' || s, shop_id('prod', n)
  FROM generate_series(1, :size) AS n, generate_series(0, 1) AS s;
INSERT INTO image (id, url, product_id) SELECT shop_id('img', n), '/a.png', shop_id('prod', n) FROM generate_series(1, :size) AS n;
INSERT INTO product_variant_product_image (id, variant_id, image_id)
  SELECT shop_id('pvpi', n), shop_id('variant', 2 * n), shop_id('img', n) FROM generate_series(1, :size) AS n WHERE n % 5 = 0;

-- Even products have an option of their own, odd ones share the global one.
INSERT INTO product_option (id, title, is_exclusive)
  SELECT shop_id('opt', n), 'Size', n > 0 FROM generate_series(0, :size, 2) AS n;
INSERT INTO product_option_value (id, value, option_id)
  SELECT shop_id('optval', 2 * n + s), 'Size ' || s, shop_id('opt', n)
  FROM generate_series(0, :size, 2) AS n, generate_series(0, 1) AS s;
INSERT INTO product_product_option (id, product_id, product_option_id)
  SELECT shop_id('prodopt', n), shop_id('prod', n), shop_id('opt', CASE WHEN n % 2 = 0 THEN n ELSE 0 END)
  FROM generate_series(1, :size) AS n;
INSERT INTO product_product_option_value (id, product_product_option_id, product_option_value_id)
  SELECT shop_id('prodoptval', 2 * n + s), shop_id('prodopt', n),
         shop_id('optval', CASE WHEN n % 2 = 0 THEN 2 * n ELSE 0 END + s)
  FROM generate_series(1, :size) AS n, generate_series(0, 1) AS s;
INSERT INTO product_variant_option
  SELECT shop_id('variant', 2 * n + s), shop_id('optval', CASE WHEN n % 2 = 0 THEN 2 * n ELSE 0 END + s)
  FROM generate_series(1, :size) AS n, generate_series(0, 1) AS s;
INSERT INTO product_category_product
  SELECT shop_id('prod', n), shop_id('pcat', 1) FROM generate_series(1, :size) AS n WHERE n % 2 = 0;

INSERT INTO product_sales_channel (product_id, sales_channel_id, id)
  SELECT shop_id('prod', n), shop_id('sc', 1), shop_id('prodsc', n) FROM generate_series(1, :size) AS n;
INSERT INTO product_shipping_profile (product_id, shipping_profile_id, id)
  SELECT shop_id('prod', n), shop_id('sp', 1), shop_id('prodsp', n) FROM generate_series(1, :size) AS n WHERE n % 2 = 1;
INSERT INTO price_set (id) SELECT shop_id('pset', n) FROM generate_series(2, 2 * :size + 1) AS n;
INSERT INTO price (id, price_set_id, currency_code, amount)
  SELECT shop_id('price', n), shop_id('pset', n), 'eur', 10 FROM generate_series(2, 2 * :size + 1) AS n;
INSERT INTO price_rule (id, attribute, value, price_id)
  SELECT shop_id('prule', n), 'region_id', 'reg', shop_id('price', n) FROM generate_series(2, 2 * :size + 1) AS n WHERE n % 6 = 0;
INSERT INTO product_variant_price_set (variant_id, price_set_id, id)
  SELECT shop_id('variant', n), shop_id('pset', n), shop_id('pvps', n) FROM generate_series(2, 2 * :size + 1) AS n;
INSERT INTO inventory_item (id, sku) SELECT shop_id('iitem', n), 'SKU-' || n FROM generate_series(2, 2 * :size + 1) AS n;
INSERT INTO product_variant_inventory_item (variant_id, inventory_item_id, id)
  SELECT shop_id('variant', n), shop_id('iitem', n), shop_id('pvitem', n) FROM generate_series(2, 2 * :size + 1) AS n;
-- A variant of product 10 and one of product 6, which is reserved, are made of each other's items as well.
INSERT INTO product_variant_inventory_item (variant_id, inventory_item_id, id) VALUES
  (shop_id('variant', 20), shop_id('iitem', 13), shop_id('pvitem', 1000001)),
  (shop_id('variant', 13), shop_id('iitem', 20), shop_id('pvitem', 1000002));
-- Every twelfth item is reserved.
INSERT INTO inventory_level (id, inventory_item_id, location_id, stocked_quantity, reserved_quantity)
  SELECT shop_id('ilev', n), shop_id('iitem', n), shop_id('sloc', 1), 100, CASE WHEN n % 12 = 0 THEN 1 ELSE 0 END
  FROM generate_series(2, 2 * :size + 1) AS n;
INSERT INTO reservation_item (id, inventory_item_id, quantity)
  SELECT shop_id('resitem', n), shop_id('iitem', n), 1 FROM generate_series(2, 2 * :size + 1) AS n WHERE n % 12 = 0;

-- Every third customer has an account; of each fifth of these the identity is an administrator's as well.
INSERT INTO customer (id, email, has_account)
  SELECT shop_id('cus', n), 'ada-' || n || '@example.com', n % 3 = 0 FROM generate_series(1, :size) AS n;
INSERT INTO customer_address (id, customer_id, city)
  SELECT shop_id('cuaddr', n), shop_id('cus', n), 'Town' FROM generate_series(1, :size) AS n;
INSERT INTO customer_group_customer (id, customer_id, customer_group_id)
  SELECT shop_id('cusgc', n), shop_id('cus', n), shop_id('cusgroup', 1) FROM generate_series(1, :size) AS n WHERE n % 2 = 0;
INSERT INTO auth_identity (id, app_metadata)
  SELECT shop_id('authid', n), jsonb_strip_nulls(jsonb_build_object(
    'customer_id', shop_id('cus', n), 'user_id', CASE WHEN n % 15 = 0 THEN shop_id('user', n) END))
  FROM generate_series(1, :size) AS n WHERE n % 3 = 0;
INSERT INTO provider_identity (id, entity_id, provider, auth_identity_id)
  SELECT shop_id('provid', n), 'ada-' || n || '@example.com', 'emailpass', shop_id('authid', n)
  FROM generate_series(1, :size) AS n WHERE n % 3 = 0;
INSERT INTO "order" (id, customer_id) SELECT shop_id('order', n), shop_id('cus', n) FROM generate_series(1, :size, 4) AS n;
INSERT INTO order_line_item (id, product_id, variant_id)
  SELECT shop_id('ordli', n), shop_id('prod', n), shop_id('variant', 2 * n) FROM generate_series(1, :size, 4) AS n;

-- Deleted before.
UPDATE product SET deleted_at = '2026-01-01' WHERE id = shop_id('prod', 7);
UPDATE product_variant SET deleted_at = '2026-01-01' WHERE product_id = shop_id('prod', 7) OR id = shop_id('variant', 30);
UPDATE customer SET deleted_at = '2026-01-01' WHERE id = shop_id('cus', 7);
UPDATE customer_address SET deleted_at = '2026-01-01' WHERE customer_id = shop_id('cus', 7);
