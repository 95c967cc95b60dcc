-- The sales department's CRM: the same customers, other facts. The two systems share nothing but the number.
CREATE TABLE contacts (
    customer_no  text PRIMARY KEY,
    display_name text NOT NULL,
    company      text,
    segment      text NOT NULL,
    owner        text NOT NULL,
    credit_limit numeric(12,2) NOT NULL DEFAULT 0,
    currency     text NOT NULL DEFAULT 'EUR',
    blocked      boolean NOT NULL DEFAULT false
);

CREATE TABLE memberships (
    customer_no text NOT NULL,
    programme   text NOT NULL,
    level       text NOT NULL,
    points      int NOT NULL DEFAULT 0,
    since       date NOT NULL DEFAULT current_date,
    PRIMARY KEY (customer_no, programme)
);
