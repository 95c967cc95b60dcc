"""The sample company: its shop and its CRM on PostgreSQL, its ERP on MariaDB, and what happens in them.

The demo shows it; a test folds one of its customers out of the stream, so that what is shown keeps working.
"""

from pathlib import Path

SAMPLE = Path(__file__).resolve().parent
GIVEN = "Ada Bruno Chiara David Elif Farah Goran Hanna Ivo Jana Kofi Lena Mateo Nora Omar Pia Quentin Rosa Sami Tove"
FAMILY = "Almeida Berg Costa Dupont Eriksen Fischer Garcia Horvat Ito Jensen Kaya Lindqvist Moreau Novak Okafor Petrov"
CITIES = "Aarhus Basel Cork Dresden Espoo Firenze Gent Haarlem Innsbruck Jena Krakow Lyon Malaga Nantes Oporto Praha"

LOAD = {
    "shop": """
INSERT INTO customers (customer_no, full_name, email, phone, created_at)
SELECT 'C' || lpad(i::text, 6, '0'), g || ' ' || f, lower(g || '.' || f) || i || '@example.com',
       '+49 30 ' || (1000000 + i), now() - i * interval '1 minute'
FROM generate_series(1, %(n)s) i,
     LATERAL (SELECT (%(given)s)[1 + i %% 20] AS g, (%(family)s)[1 + i %% 16] AS f) names;
INSERT INTO addresses (customer_no, kind, street, postal_code, city, country)
SELECT 'C' || lpad(i::text, 6, '0'), 'delivery', 'Lindenstrasse ' || i %% 200, (10000 + i %% 80000)::text,
       (%(cities)s)[1 + i %% 16], 'DE'
FROM generate_series(1, %(n)s) i;
INSERT INTO orders (customer_no, total, status)
SELECT 'C' || lpad(i::text, 6, '0'), (i * 37 %% 50000) / 100.0, 'paid' FROM generate_series(1, %(n)s, 2) i;
""",
    "crm": """
INSERT INTO contacts (customer_no, display_name, segment, owner, credit_limit)
SELECT 'C' || lpad(i::text, 6, '0'), upper(f) || ', ' || g, (ARRAY['retail', 'wholesale', 'key account'])[1 + i %% 3],
       (ARRAY['north', 'south'])[1 + i %% 2], i %% 10 * 500
FROM generate_series(1, %(n)s) i,
     LATERAL (SELECT (%(given)s)[1 + i %% 20] AS g, (%(family)s)[1 + i %% 16] AS f) names;
INSERT INTO memberships (customer_no, programme, level, points)
SELECT 'C' || lpad(i::text, 6, '0'), 'bonus', 'silver', i %% 1000 FROM generate_series(1, %(n)s, 3) i;
""",
    # As the ERP's own programs write: fields filled up with blanks, umlauts of DOS, packed and zoned decimals. Every
    # 50th customer has a row in the client for tests too, every fourth one in another company: the mapping leaves
    # them out.
    "erp": """
INSERT INTO KDST
SELECT '100', LPAD(seq, 6, '0'), RPAD(CONCAT(ELT(1 + seq % 16, {family}), ' & Söhne GmbH'), 35, ' '),
       RPAD(CONCAT(ELT(1 + seq % 20, {given}), ' ', ELT(1 + seq % 16, {family})), 35, ' '),
       IF(seq % 3, CONCAT('DE', 100000000 + seq), ''), 'DE',
       IF(seq % 5, DATE_FORMAT('1996-02-29' + INTERVAL seq % 9000 DAY, '%Y%m%d'), '00000000'), '',
       CONVERT(CAST(CONVERT(IF(seq % 7, '', 'zahlt pünktlich, grüßt nie') USING cp850) AS BINARY) USING latin1)
FROM seq_1_to_{n};
INSERT INTO KDST
SELECT '900', LPAD(seq, 6, '0'), 'TEST', 'TEST', '', 'DE', '00000000', '', '' FROM seq_1_to_{n} WHERE seq % 50 = 7;
INSERT INTO KDBU
SELECT '100', company, LPAD(seq, 6, '0'), ELT(1 + seq % 3, 'Z014', 'Z030', 'Z060'),
       UNHEX(CONCAT(LPAD(seq % 8 * 100000 + 250000, 13, '0'), 'C')), IF(seq % 40, '0', '1'), ''
FROM seq_1_to_{n}, (SELECT '0001' AS company UNION SELECT '0002') companies WHERE company = '0001' OR seq % 4 = 3;
INSERT INTO KDVT
SELECT '100', '1000', LPAD(seq, 6, '0'), LPAD(1 + seq % 5, 2, '0'), LPAD(seq % 4, 2, '0'),
       CONCAT(LPAD(seq % 11 * 5, 4, '0'), SUBSTR('{{ABCDEFGHI', 1 + seq % 10, 1)), 'EUR',
       IF(seq % 6, DATE_FORMAT('2024-01-01' + INTERVAL seq % 600 DAY, '1%y%m%d'), 0)
FROM seq_1_to_{n};
INSERT INTO ADRS
SELECT LPAD(900000 + seq, 10, '0'), '100', LPAD(seq, 6, '0'), 'RE',
       RPAD(CONCAT('Königsallee ', 1 + seq % 120), 40, ' '), LPAD(10000 + seq % 80000, 5, '0'),
       RPAD(ELT(1 + seq % 4, 'Köln', 'München', 'Düsseldorf', 'Münster'), 40, ' '),
       'DE', '2011-05-01', '0000-00-00'
FROM seq_1_to_{n};
""",
}

# The open items' table never had a key, so its rows cannot be read in parts: they come when Tailrace is there already.
OPEN_ITEMS = """
INSERT INTO OPOS
SELECT '100', '0001', LPAD(seq, 6, '0'), '2026', LPAD(90000000 + seq, 10, '0'), '001', '20261015', 126319,
       CONCAT(LPAD(seq * 1237 % 500000, 11, '0'), IF(seq % 9, '', '-')), 'EUR'
FROM seq_1_to_{n} WHERE seq % 2 = 1;
"""

# What happens live: {c} and {k} are a customer's number in the two systems' way, {o} an order's, {r} any number.
TRICKLE = {
    "shop": [
        "UPDATE customers SET phone = '+49 30 {r}' WHERE customer_no = '{c}'",
        "INSERT INTO orders (customer_no, total) VALUES ('{c}', {r} / 100.0)",
        "UPDATE orders SET status = 'shipped' WHERE order_no = {o}",
        "UPDATE addresses SET city = 'Wien', country = 'AT' WHERE customer_no = '{c}'",
    ],
    "crm": [
        "UPDATE contacts SET credit_limit = credit_limit + 250 WHERE customer_no = '{c}'",
        "UPDATE memberships SET points = points + 10 WHERE customer_no = '{c}'",
        "UPDATE contacts SET segment = 'key account' WHERE customer_no = '{c}'",
    ],
    "erp": [
        "UPDATE KDBU SET MAHNS = MAHNS + 1 WHERE MDT = '100' AND KDNR = '{k}' AND MAHNS < '3'",
        "UPDATE KDVT SET RABAT = '0030{{', LBEST = 1261123 WHERE MDT = '100' AND KDNR = '{k}'",
        "UPDATE ADRS SET STR = 'Große Straße 4', ORT = 'Osnabrück' WHERE MDT = '100' AND KDNR = '{k}'",
        "INSERT INTO OPOS VALUES ('100', '0001', '{k}', '2026', LPAD({r}, 10, '0'), '001', '20261123', 126357,"
        " LPAD({r}, 11, '0'), 'EUR')",
        "DELETE FROM OPOS WHERE MDT = '100' AND KDNR = '{k}' LIMIT 1",  # paid
    ],
}

# First of all: the customer whom the demo folds.
CUSTOMER = "C000007"
STORY = [
    ("crm", "UPDATE contacts SET segment = 'key account' WHERE customer_no = 'C000007'"),
    ("erp", "UPDATE KDBU SET KRLIM = x'0000000900000C' WHERE MDT = '100' AND BKR = '0001' AND KDNR = '000007'"),
    ("shop", "INSERT INTO orders (customer_no, total) VALUES ('C000007', 149.90)"),
    ("erp", "INSERT INTO OPOS VALUES ('100', '0001', '000007', '2026', '0090100007', '001', '20261123', 126357,"
            " '00000014990', 'EUR')"),
]


class Company:
    """The three systems on two servers of tests/harness that run already; shop and crm name the databases."""

    def __init__(self, postgres, mariadb, shop: str = "shop", crm: str = "crm"):
        self.servers = {"shop": (postgres, shop), "crm": (postgres, crm), "erp": (mariadb, "erp")}
        self.password = "not to be told"

    def create(self) -> None:
        """The databases with their tables, empty, and the user that Tailrace is to MariaDB."""
        for system, (server, database) in self.servers.items():
            server.create_database(database)
            server.sql((SAMPLE / f"{system}.sql").read_text(), database=database)
        self.servers["erp"][0].create_user("cdc", self.password, "SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.*")

    def url(self, system: str) -> str:
        server, database = self.servers[system]
        return server.url(database, user="cdc", password="") if system == "erp" else server.url(database)

    def config(self, directory: Path, brokers: str) -> str:
        """The sample's configuration for these servers. The password goes to a file in the directory, as does the
        state."""
        secret = directory / "erp.password"
        secret.write_text(self.password)
        secret.chmod(0o600)
        text = (SAMPLE / "tailrace.yaml").read_text()
        for name, value in {"shop_url": self.url("shop"), "crm_url": self.url("crm"), "erp_url": self.url("erp"),
                            "erp_password": secret, "brokers": brokers, "state": directory / "state"}.items():
            text = text.replace("{{" + name + "}}", str(value))
        return text

    def connect(self, system: str):
        server, database = self.servers[system]
        return server.connect(database)

    def load(self, customers: int) -> None:
        """So many customers into each system, without open items."""
        names = {"given": GIVEN.split(), "family": FAMILY.split(), "cities": CITIES.split()}
        for system in ("shop", "crm"):
            server, database = self.servers[system]
            server.sql(LOAD[system], dict(names, n=customers), database)
        server, database = self.servers["erp"]
        server.sql(LOAD["erp"].format(n=customers, **{k: str(v)[1:-1] for k, v in names.items()}), database=database)

    def invoice(self, customers: int) -> None:
        """An open item for every second customer."""
        server, database = self.servers["erp"]
        server.sql(OPEN_ITEMS.format(n=customers), database=database)

    @staticmethod
    def events(customers: int) -> int:
        """How many customer events load() gives; invoice() gives one for every second customer."""
        half, third = (customers + 1) // 2, (customers + 2) // 3
        return customers * (2 + 2 + 5) + half + third
