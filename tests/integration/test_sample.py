"""The sample company of deploy/demo, small: its configuration runs as it is, and three systems become one customer."""

import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "sample"))

from company import CUSTOMER, STORY, TRICKLE, Company  # noqa: E402  (the path comes first)

CUSTOMERS = 60


@pytest.fixture
def company(pg_latest, own_mysql):
    """The three systems, without customers."""
    names = {"shop": f"{pg_latest.name}_shop", "crm": f"{pg_latest.name}_crm"}
    made = Company(pg_latest.server, own_mysql("mariadb-11.4"), **names)
    made.create()
    yield made
    for name in names.values():
        pg_latest.server.drop_database(name)


@pytest.fixture
def agent(company, tailrace, kafka, tmp_path):
    """agent(): runs the sample's configuration until all that is committed is in the topic, which is its name."""
    path = tailrace.config(company.config(tmp_path, kafka.bootstrap))
    topic = kafka.topic("customer")

    def run():
        done = tailrace.run("run", path, "--entities.customer.topic", topic, "--until", "end")
        assert done.code == 0, done.stderr
        assert "do not parse" not in done.stderr, done.stderr
        return topic
    return run


def fold(tailrace, kafka, topic, customer):
    done = tailrace.run("tail", "-b", kafka.bootstrap, topic, "--fold", customer, "--json")
    assert done.code == 0, done.stderr
    return json.loads(done.stdout)["parts"]


def by_source(fields):
    """What each system says: {"erp": {"city": "Köln"}}."""
    said = {}
    for name, field in fields.items():
        said.setdefault(field["source"], {})[name] = field.get("value")
    return said


def test_a_customer_of_three_systems(company, agent, tailrace, kafka):
    company.load(CUSTOMERS)
    topic = agent()
    assert sum(kafka.server.end_offsets(topic).values()) == company.events(CUSTOMERS)
    company.invoice(CUSTOMERS)
    agent()
    assert sum(kafka.server.end_offsets(topic).values()) == company.events(CUSTOMERS) + (CUSTOMERS + 1) // 2
    parts = fold(tailrace, kafka, topic, CUSTOMER)
    assert by_source(parts["profile"]) == {
        "shop": {"email": "hanna.horvat7@example.com", "phone": "+49 30 1000007", "language": "en", "status": "active"},
        "crm": {"name": "HORVAT, Hanna", "segment": "wholesale", "owner": "south"},
        "erp": {"company": "Horvat & Söhne GmbH", "vat_id": "DE100000007", "created_at": "1996-03-07",
                "note": "zahlt pünktlich, grüßt nie"}}
    assert by_source(parts["financial"]) == {
        "erp": {"payment_terms": "Z030", "credit_limit": "9500.00", "dunning_level": 0, "blocked": False,
                "price_group": "03", "discount_percent": "3.57", "currency": "EUR"}}
    assert set(parts["location"]) == {"shop-7", "erp-0000900007"}
    assert by_source(parts["location"]["erp-0000900007"]) == {
        "erp": {"kind": "RE", "street": "Königsallee 8", "postal_code": "10007", "city": "Münster", "country": "DE",
                "valid_from": "2011-05-01", "valid_until": None}}
    assert by_source(parts["participation"]["bonus"])["crm"]["level"] == "silver"
    assert set(parts["purchase"]) == {"order-4", "invoice-0001-2026-0090000007-001"}
    assert by_source(parts["purchase"]["invoice-0001-2026-0090000007-001"]) == {
        "erp": {"invoice_id": "0090000007", "status": "open", "total": "86.59", "currency": "EUR",
                "invoiced_at": "2026-10-15", "due_at": "2026-11-15"}}
    assert by_source(parts["attributes"]) == {"erp": {"customer_group": "03", "last_order": "2024-01-08"}}
    # The ninth: a credit note, has no VAT id. The thirtieth: no date of creation, no last order.
    ninth, thirtieth = (fold(tailrace, kafka, topic, key) for key in ("C000009", "C000030"))
    assert ninth["purchase"]["invoice-0001-2026-0090000009-001"]["total"]["value"] == "-111.33"
    assert ninth["profile"]["vat_id"] == {**ninth["profile"]["vat_id"], "state": "null", "source": "erp"}
    assert thirtieth["profile"]["created_at"]["state"] == thirtieth["attributes"]["last_order"]["state"] == "null"


def test_what_happens_live(company, agent, tailrace, kafka):
    company.load(CUSTOMERS)
    agent()
    company.invoice(CUSTOMERS)
    agent()
    for system, statement in STORY:
        execute(company, system, statement)
    for system, statements in TRICKLE.items():
        for statement in statements:  # to customer 5; the order is one of customer 9
            execute(company, system, statement.format(c="C000005", k="000005", o=5, r=4711))
    topic = agent()
    parts = fold(tailrace, kafka, topic, CUSTOMER)
    limit = parts["financial"]["credit_limit"]
    assert (limit["source"], limit["value"]) == ("erp", "9000.00")
    assert [(other["source"], other["value"]) for other in limit["others"]] == [("crm", "3500.00")]
    assert parts["profile"]["segment"]["value"] == "key account"
    assert sorted((p["total"]["source"], p["total"]["value"]) for p in parts["purchase"].values()) == [
        ("erp", "149.90"), ("erp", "86.59"), ("shop", "149.90"), ("shop", "2.59")]
    parts = fold(tailrace, kafka, topic, "C000005")
    assert parts["financial"]["dunning_level"]["value"] == 1
    assert Decimal(parts["financial"]["discount_percent"]["value"]) == 3
    assert parts["attributes"]["last_order"]["value"] == "2026-11-23"
    assert parts["location"]["erp-0000900005"]["street"]["value"] == "Große Straße 4"
    assert parts["location"]["shop-5"]["city"]["value"] == "Wien"
    assert parts["profile"]["phone"]["value"] == "+49 30 4711"
    invoices = {item: fields for item, fields in parts["purchase"].items() if item.startswith("invoice")}
    left = company.servers["erp"][0].sql("SELECT BELNR FROM OPOS WHERE KDNR = '000005'", database="erp")
    assert [fields["invoice_id"]["value"] for fields in invoices.values()] == [row[0] for row in left]
    assert len(left) == 1  # one open item came, one was paid
    assert fold(tailrace, kafka, topic, "C000009")["purchase"]["order-5"]["status"]["value"] == "shipped"


def execute(company, system, statement):
    server, database = company.servers[system]
    server.sql(statement, database=database)
