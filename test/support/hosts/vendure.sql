-- A shop like Vendure 3.7 on PostgreSQL, reduced to what its deletions touch and what refers to that: names, types, keys
-- and rules are those that @vendure/core creates. `:size` products with three variants each, as many customers.

CREATE TABLE channel (
  id serial PRIMARY KEY,
  code varchar NOT NULL UNIQUE
);

CREATE TABLE product (
  "createdAt" timestamp NOT NULL DEFAULT now(),
  "updatedAt" timestamp NOT NULL DEFAULT now(),
  "deletedAt" timestamp,
  enabled boolean NOT NULL DEFAULT true,
  id serial PRIMARY KEY
);

CREATE TABLE product_translation (
  id serial PRIMARY KEY,
  "languageCode" varchar NOT NULL,
  name varchar NOT NULL,
  "baseId" integer REFERENCES product
);
CREATE INDEX ON product_translation ("baseId");

CREATE TABLE product_channels_channel (
  "productId" integer NOT NULL REFERENCES product ON UPDATE CASCADE ON DELETE CASCADE,
  "channelId" integer NOT NULL REFERENCES channel ON DELETE CASCADE,
  PRIMARY KEY ("productId", "channelId")
);
CREATE INDEX ON product_channels_channel ("channelId");

CREATE TABLE product_option_group (
  id serial PRIMARY KEY,
  code varchar NOT NULL
);

CREATE TABLE product_option_groups_product_option_group (
  "productId" integer NOT NULL REFERENCES product ON UPDATE CASCADE ON DELETE CASCADE,
  "productOptionGroupId" integer NOT NULL REFERENCES product_option_group,
  PRIMARY KEY ("productId", "productOptionGroupId")
);
CREATE INDEX ON product_option_groups_product_option_group ("productOptionGroupId");

CREATE TABLE product_variant (
  "createdAt" timestamp NOT NULL DEFAULT now(),
  "updatedAt" timestamp NOT NULL DEFAULT now(),
  "deletedAt" timestamp,
  sku varchar NOT NULL,
  id serial PRIMARY KEY,
  "productId" integer REFERENCES product
);
CREATE INDEX ON product_variant ("productId");

CREATE TABLE product_variant_price (
  id serial PRIMARY KEY,
  "channelId" integer,
  price integer NOT NULL,
  "variantId" integer REFERENCES product_variant ON DELETE CASCADE
);
CREATE INDEX ON product_variant_price ("variantId");

CREATE TABLE stock_level (
  id serial PRIMARY KEY,
  "stockOnHand" integer NOT NULL,
  "productVariantId" integer NOT NULL REFERENCES product_variant ON DELETE CASCADE
);
CREATE INDEX ON stock_level ("productVariantId");

CREATE TABLE "user" (
  "updatedAt" timestamp NOT NULL DEFAULT now(),
  "deletedAt" timestamp,
  identifier varchar NOT NULL,
  id serial PRIMARY KEY
);

CREATE TABLE customer (
  "createdAt" timestamp NOT NULL DEFAULT now(),
  "updatedAt" timestamp NOT NULL DEFAULT now(),
  "deletedAt" timestamp,
  "emailAddress" varchar NOT NULL,
  id serial PRIMARY KEY,
  "userId" integer UNIQUE REFERENCES "user"
);

CREATE TABLE customer_channels_channel (
  "customerId" integer NOT NULL REFERENCES customer ON UPDATE CASCADE ON DELETE CASCADE,
  "channelId" integer NOT NULL REFERENCES channel ON DELETE CASCADE,
  PRIMARY KEY ("customerId", "channelId")
);
CREATE INDEX ON customer_channels_channel ("channelId");

CREATE TABLE address (
  id serial PRIMARY KEY,
  city varchar NOT NULL,
  "customerId" integer REFERENCES customer
);
CREATE INDEX ON address ("customerId");

CREATE TABLE "order" (
  id serial PRIMARY KEY,
  code varchar NOT NULL UNIQUE,
  "customerId" integer REFERENCES customer
);
CREATE INDEX ON "order" ("customerId");

CREATE TABLE order_line (
  id serial PRIMARY KEY,
  quantity integer NOT NULL,
  "productVariantId" integer NOT NULL REFERENCES product_variant ON DELETE CASCADE,
  "orderId" integer REFERENCES "order" ON DELETE CASCADE
);
CREATE INDEX ON order_line ("productVariantId");
CREATE INDEX ON order_line ("orderId");

CREATE TABLE session (
  token varchar NOT NULL UNIQUE,
  id serial PRIMARY KEY,
  "activeOrderId" integer REFERENCES "order",
  "userId" integer REFERENCES "user"
);
CREATE INDEX ON session ("userId");

INSERT INTO channel (code) VALUES ('__default_channel__'), ('second');
INSERT INTO product_option_group (code) VALUES ('size');

INSERT INTO product (enabled) SELECT true FROM generate_series(1, :size);
INSERT INTO product_translation ("languageCode", name, "baseId") SELECT 'en', 'Product ' || id, id FROM product;
-- Every tenth product is in both channels, every tenth in the second one only.
INSERT INTO product_channels_channel SELECT id, 1 FROM product WHERE id % 10 <> 9;
INSERT INTO product_channels_channel SELECT id, 2 FROM product WHERE id % 10 IN (8, 9);
INSERT INTO product_option_groups_product_option_group SELECT id, 1 FROM product;
INSERT INTO product_variant (sku, "productId")
  SELECT product.id || '-' || size, product.id FROM product, unnest('{S,M,L}'::text[]) AS size;
INSERT INTO product_variant_price ("channelId", price, "variantId") SELECT 1, 100, id FROM product_variant;
INSERT INTO stock_level ("stockOnHand", "productVariantId") SELECT 100, id FROM product_variant;

INSERT INTO "user" (identifier) SELECT 'ada-' || n || '@example.com' FROM generate_series(1, :size) AS n;
-- Every fifth customer is a guest, without a user.
INSERT INTO customer ("emailAddress", "userId")
  SELECT identifier, CASE WHEN id % 5 <> 0 THEN id END FROM "user" ORDER BY id;
INSERT INTO customer_channels_channel SELECT id, 1 FROM customer;
INSERT INTO address (city, "customerId") SELECT 'Town', id FROM customer;
INSERT INTO "order" (code, "customerId") SELECT 'ORDER-' || id, id FROM customer WHERE id % 4 = 1;
INSERT INTO order_line (quantity, "productVariantId", "orderId")
  SELECT 1, product_variant.id, "order".id FROM "order"
  JOIN product_variant ON product_variant."productId" = "order"."customerId";
INSERT INTO session (token, "userId") SELECT md5(id::text), id FROM "user" WHERE id % 3 = 0;

-- Deleted before.
UPDATE product SET "deletedAt" = '2026-01-01' WHERE id = 7;
UPDATE product_variant SET "deletedAt" = '2026-01-01' WHERE id % 20 = 0 OR "productId" = 7;
UPDATE customer SET "deletedAt" = '2026-01-01' WHERE id = 7;
UPDATE "user" SET "deletedAt" = '2026-01-01' WHERE id = 7;
