-- The web shop: who buys what, and where it is sent.
CREATE TABLE customers (
    customer_no text PRIMARY KEY,
    full_name   text NOT NULL,
    email       text NOT NULL,
    phone       text,
    language    text NOT NULL DEFAULT 'en',
    status      text NOT NULL DEFAULT 'active',
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Addresses name their customer in a column that is not their key. Events of an address have to carry that column
-- also when it is updated or deleted: hence the full old row in the log.
CREATE TABLE addresses (
    address_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_no text NOT NULL REFERENCES customers ON DELETE CASCADE,
    kind        text NOT NULL,
    street      text NOT NULL,
    postal_code text NOT NULL,
    city        text NOT NULL,
    country     text NOT NULL
);
ALTER TABLE addresses REPLICA IDENTITY FULL;

CREATE TABLE orders (
    order_no    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_no text NOT NULL REFERENCES customers ON DELETE CASCADE,
    status      text NOT NULL DEFAULT 'new',
    total       numeric(10,2) NOT NULL,
    currency    text NOT NULL DEFAULT 'EUR',
    ordered_at  timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE orders REPLICA IDENTITY FULL;
CREATE INDEX ON addresses (customer_no);
CREATE INDEX ON orders (customer_no);
