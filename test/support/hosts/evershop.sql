-- A shop like EverShop 2.2 on PostgreSQL, reduced to what its deletions touch and what refers to that: names, types, keys,
-- rules and triggers are those of @evershop/evershop. `:size` products and as many customers.

CREATE TABLE event (
  event_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  name varchar NOT NULL,
  data json,
  created_at timestamptz DEFAULT CURRENT_TIMESTAMP
);
CREATE FUNCTION notify_new_event() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_notify('new_event', NEW.name); RETURN NEW; END; $$;
CREATE TRIGGER event_inserted AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION notify_new_event();

CREATE TABLE attribute_group (
  attribute_group_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  group_name text NOT NULL
);

CREATE TABLE attribute_group_link (
  attribute_id integer NOT NULL,
  group_id integer NOT NULL REFERENCES attribute_group ON DELETE CASCADE
);
CREATE INDEX ON attribute_group_link (group_id);

CREATE TABLE variant_group (
  variant_group_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  visibility boolean NOT NULL DEFAULT false
);

CREATE TABLE product (
  product_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT "PRODUCT_UUID_UNIQUE" UNIQUE,
  variant_group_id integer CONSTRAINT "FK_PRODUCT_VARIANT_GROUP" REFERENCES variant_group ON DELETE SET NULL,
  visibility boolean NOT NULL DEFAULT true,
  group_id integer DEFAULT 1 CONSTRAINT "FK_PRODUCT_ATTRIBUTE_GROUP" REFERENCES attribute_group ON DELETE SET NULL,
  sku varchar NOT NULL CONSTRAINT "PRODUCT_SKU_UNIQUE" UNIQUE,
  status boolean NOT NULL DEFAULT false,
  updated_at timestamptz DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "FK_PRODUCT_VARIANT_GROUP" ON product (variant_group_id);

CREATE FUNCTION add_product_created_event() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO event (name, data) VALUES ('product_created', row_to_json(NEW)); RETURN NEW; END; $$;
CREATE FUNCTION add_product_updated_event() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO event (name, data) VALUES ('product_updated', row_to_json(NEW)); RETURN NEW; END; $$;
CREATE FUNCTION add_product_deleted_event() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO event (name, data) VALUES ('product_deleted', row_to_json(OLD)); RETURN OLD; END; $$;
CREATE FUNCTION prevent_change_attribute_group() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF OLD.group_id != NEW.group_id AND OLD.variant_group_id IS NOT NULL THEN
      RAISE EXCEPTION 'Cannot change attribute group of product with variants';
    END IF;
    RETURN NEW;
  END; $$;
CREATE FUNCTION update_variant_group_visibility() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    UPDATE variant_group SET visibility = COALESCE((
      SELECT bool_or(visibility) FROM product WHERE product.variant_group_id = NEW.variant_group_id AND product.status), false)
    WHERE variant_group.variant_group_id = NEW.variant_group_id;
    RETURN NEW;
  END; $$;
CREATE FUNCTION update_attribute_index_and_variant_group_visibility() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM product_attribute_value_index
    WHERE product_attribute_value_index.product_id = NEW.product_id
      AND product_attribute_value_index.attribute_id NOT IN (
        SELECT attribute_group_link.attribute_id FROM attribute_group_link
        WHERE attribute_group_link.group_id = NEW.group_id);
    UPDATE variant_group SET visibility = COALESCE((
      SELECT bool_or(visibility) FROM product WHERE product.variant_group_id = NEW.variant_group_id AND product.status), false)
    WHERE variant_group.variant_group_id = NEW.variant_group_id;
    RETURN NEW;
  END; $$;
CREATE TRIGGER "ADD_PRODUCT_CREATED_EVENT_TRIGGER" AFTER INSERT ON product
  FOR EACH ROW EXECUTE FUNCTION add_product_created_event();
CREATE TRIGGER "ADD_PRODUCT_UPDATED_EVENT_TRIGGER" AFTER UPDATE ON product
  FOR EACH ROW EXECUTE FUNCTION add_product_updated_event();
CREATE TRIGGER "ADD_PRODUCT_DELETED_EVENT_TRIGGER" AFTER DELETE ON product
  FOR EACH ROW EXECUTE FUNCTION add_product_deleted_event();
CREATE TRIGGER "PREVENT_CHANGING_ATTRIBUTE_GROUP_OF_PRODUCT_WITH_VARIANTS" BEFORE UPDATE ON product
  FOR EACH ROW EXECUTE FUNCTION prevent_change_attribute_group();
CREATE CONSTRAINT TRIGGER "TRIGGER_AFTER_INSERT_PRODUCT" AFTER INSERT ON product DEFERRABLE INITIALLY IMMEDIATE
  FOR EACH ROW EXECUTE FUNCTION update_variant_group_visibility();
CREATE CONSTRAINT TRIGGER "TRIGGER_PRODUCT_AFTER_UPDATE" AFTER UPDATE ON product DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION update_attribute_index_and_variant_group_visibility();

CREATE TABLE product_attribute_value_index (
  product_attribute_value_index_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id integer NOT NULL REFERENCES product ON DELETE CASCADE,
  attribute_id integer NOT NULL,
  option_text text
);
CREATE INDEX ON product_attribute_value_index (product_id);

CREATE TABLE product_collection (
  product_collection_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  collection_id integer NOT NULL,
  product_id integer NOT NULL REFERENCES product ON DELETE CASCADE
);
CREATE INDEX ON product_collection (product_id);

CREATE TABLE product_custom_option (
  product_custom_option_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_custom_option_product_id integer NOT NULL REFERENCES product ON DELETE CASCADE,
  option_name varchar NOT NULL
);
CREATE INDEX ON product_custom_option (product_custom_option_product_id);

CREATE TABLE product_custom_option_value (
  product_custom_option_value_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  option_id integer NOT NULL REFERENCES product_custom_option ON DELETE CASCADE,
  value varchar NOT NULL
);
CREATE INDEX ON product_custom_option_value (option_id);

CREATE TABLE product_description (
  product_description_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_description_product_id integer NOT NULL REFERENCES product ON DELETE CASCADE,
  name text NOT NULL,
  url_key varchar NOT NULL UNIQUE
);
CREATE INDEX ON product_description (product_description_product_id);

CREATE TABLE product_image (
  product_image_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_image_product_id integer NOT NULL REFERENCES product ON DELETE CASCADE,
  origin_image varchar NOT NULL
);
CREATE INDEX ON product_image (product_image_product_id);

CREATE TABLE product_inventory (
  product_inventory_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_inventory_product_id integer NOT NULL UNIQUE REFERENCES product ON DELETE CASCADE,
  qty integer NOT NULL DEFAULT 0
);

-- As there, the second column of the next two has no index.
CREATE TABLE product_link (
  product_link_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id integer NOT NULL REFERENCES product ON DELETE CASCADE,
  linked_product_id integer NOT NULL REFERENCES product ON DELETE CASCADE,
  UNIQUE (product_id, linked_product_id)
);

CREATE TABLE product_relation (
  product_id integer NOT NULL REFERENCES product ON DELETE CASCADE,
  related_product_id integer NOT NULL REFERENCES product ON DELETE CASCADE,
  PRIMARY KEY (product_id, related_product_id)
);

CREATE TABLE product_stat (
  product_id integer PRIMARY KEY REFERENCES product ON DELETE CASCADE,
  order_count integer NOT NULL DEFAULT 0
);

CREATE TABLE cart_item (
  cart_item_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id integer NOT NULL REFERENCES product ON DELETE CASCADE,
  qty integer NOT NULL
);
CREATE INDEX ON cart_item (product_id);

CREATE TABLE customer (
  customer_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT "CUSTOMER_UUID_UNIQUE" UNIQUE,
  group_id integer DEFAULT 1,
  email varchar NOT NULL CONSTRAINT "EMAIL_UNIQUE" UNIQUE
);
CREATE FUNCTION set_default_customer_group() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN IF NEW.group_id IS NULL THEN NEW.group_id = 1; END IF; RETURN NEW; END; $$;
CREATE FUNCTION add_customer_created_event() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO event (name, data) VALUES ('customer_created', row_to_json(NEW)); RETURN NEW; END; $$;
CREATE FUNCTION add_customer_updated_event() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO event (name, data) VALUES ('customer_updated', row_to_json(NEW)); RETURN NEW; END; $$;
CREATE FUNCTION add_customer_deleted_event() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO event (name, data) VALUES ('customer_deleted', row_to_json(OLD)); RETURN OLD; END; $$;
CREATE TRIGGER "SET_DEFAULT_CUSTOMER_GROUP" BEFORE INSERT ON customer
  FOR EACH ROW EXECUTE FUNCTION set_default_customer_group();
CREATE TRIGGER "ADD_CUSTOMER_CREATED_EVENT_TRIGGER" AFTER INSERT ON customer
  FOR EACH ROW EXECUTE FUNCTION add_customer_created_event();
CREATE TRIGGER "ADD_CUSTOMER_UPDATED_EVENT_TRIGGER" AFTER UPDATE ON customer
  FOR EACH ROW EXECUTE FUNCTION add_customer_updated_event();
CREATE TRIGGER "ADD_CUSTOMER_DELETED_EVENT_TRIGGER" AFTER DELETE ON customer
  FOR EACH ROW EXECUTE FUNCTION add_customer_deleted_event();

CREATE TABLE customer_address (
  customer_address_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customer ON DELETE CASCADE,
  city varchar
);
CREATE INDEX ON customer_address (customer_id);

-- As there, its column has no index.
CREATE TABLE reset_password_token (
  reset_password_token_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customer ON DELETE CASCADE,
  token text NOT NULL UNIQUE
);

-- References without a foreign key.
CREATE TABLE "order" (
  order_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_number varchar NOT NULL UNIQUE,
  customer_id integer
);

CREATE TABLE order_item (
  order_item_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_item_order_id integer NOT NULL REFERENCES "order" ON DELETE CASCADE,
  product_id integer NOT NULL,
  qty integer NOT NULL
);
CREATE INDEX ON order_item (order_item_order_id);

CREATE TABLE url_redirect (
  url_redirect_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_path varchar NOT NULL UNIQUE,
  to_path varchar NOT NULL,
  entity_urn varchar(255)
);
CREATE INDEX ON url_redirect (entity_urn) WHERE entity_urn IS NOT NULL;

INSERT INTO attribute_group (group_name) VALUES ('Default');
INSERT INTO attribute_group_link VALUES (1, 1);
INSERT INTO variant_group DEFAULT VALUES;
INSERT INTO product (sku, status, variant_group_id)
  SELECT 'SKU-' || n, true, CASE WHEN n % 3 = 0 THEN 1 END FROM generate_series(1, :size) AS n;
INSERT INTO product_attribute_value_index (product_id, attribute_id, option_text) SELECT product_id, 1, 'Red' FROM product;
INSERT INTO product_collection (collection_id, product_id) SELECT 1, product_id FROM product WHERE product_id % 2 = 0;
INSERT INTO product_custom_option (product_custom_option_product_id, option_name) SELECT product_id, 'Size' FROM product;
INSERT INTO product_custom_option_value (option_id, value) SELECT product_custom_option_id, 'L' FROM product_custom_option;
INSERT INTO product_description (product_description_product_id, name, url_key)
  SELECT product_id, sku, 'product-' || product_id FROM product;
INSERT INTO product_image (product_image_product_id, origin_image) SELECT product_id, '/a.png' FROM product;
INSERT INTO product_inventory (product_inventory_product_id, qty) SELECT product_id, 100 FROM product;
INSERT INTO product_link (product_id, linked_product_id)
  SELECT product_id, 1 + product_id % :size FROM product WHERE product_id % 4 = 0;
INSERT INTO product_relation (product_id, related_product_id)
  SELECT product_id, 1 + (product_id + 6) % :size FROM product WHERE product_id % 5 = 0;
INSERT INTO product_stat (product_id, order_count) SELECT product_id, 1 FROM product;
INSERT INTO cart_item (product_id, qty) SELECT product_id, 1 FROM product WHERE product_id % 2 = 1;
INSERT INTO customer (email) SELECT 'ada-' || n || '@example.com' FROM generate_series(1, :size) AS n;
INSERT INTO customer_address (customer_id, city) SELECT customer_id, 'Town' FROM customer;
INSERT INTO reset_password_token (customer_id, token)
  SELECT customer_id, md5(customer_id::text) FROM customer WHERE customer_id % 5 = 0;
INSERT INTO "order" (order_number, customer_id)
  SELECT customer_id::text, customer_id FROM customer WHERE customer_id % 4 = 1;
INSERT INTO order_item (order_item_order_id, product_id, qty) SELECT order_id, customer_id, 1 FROM "order";
INSERT INTO url_redirect (from_path, to_path, entity_urn)
  SELECT '/old-' || product_id, '/product-' || product_id, 'urn:evershop:catalog:product:' || uuid
  FROM product WHERE product_id % 3 = 0;
