"""The published schemas: what was frozen stays, and a breach of each kind is found."""

import importlib.machinery
import importlib.util
import re
import shutil
from pathlib import Path

import pytest

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def load_compat():
    loader = importlib.machinery.SourceFileLoader("compat", str(SCHEMAS / "compat"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("compat", loader))
    loader.exec_module(module)
    return module


compat = load_compat()


def test_schemas_keep_their_promise():
    assert compat.breaches(compat.frozen(), compat.compiled()) == []
    assert compat.additions(compat.frozen(), compat.compiled()) == [], "run schemas/compat freeze"


@pytest.fixture
def edited(tmp_path):
    """edited(file, pattern, replacement): the breaches that this edit of a copy of the schemas makes."""
    def edit(file: str, pattern: str, replacement: str):
        copy = tmp_path / "schemas"
        shutil.copytree(SCHEMAS, copy)
        text = (copy / file).read_text()
        new, count = re.subn(pattern, replacement, text)
        assert count == 1, f"{pattern} matches {count} times"
        (copy / file).write_text(new)
        found = compat.compiled(copy)
        return compat.breaches(compat.frozen(), found), compat.additions(compat.frozen(), found)
    return edit


CHANGE = "tailrace/v1/change.proto"
CUSTOMER = "tailrace/customer/v1/customer.proto"


@pytest.mark.parametrize("file, pattern, replacement, what", [
    (CHANGE, r"  string pos = 13;\n", "", "field tailrace.v1.RowChange.pos is gone"),
    (CHANGE, r"string pos = 13;", "string pos = 180;", "field tailrace.v1.RowChange.pos was 'number 13"),
    (CHANGE, r"string pos = 13;", "bytes pos = 13;", "field tailrace.v1.RowChange.pos was"),
    (CHANGE, r"string pos = 13;", "string place = 13;", "field tailrace.v1.RowChange.pos is gone"),
    (CHANGE, r"optional int64 commit_us", "int64 commit_us", "field tailrace.v1.RowChange.commit_us was"),
    (CHANGE, r"repeated Column after", "Column after", "field tailrace.v1.RowChange.after was"),
    (CHANGE, r"OP_GAP = 7;", "OP_GAP = 70;", "value tailrace.v1.Op.OP_GAP was 'number 7'"),
    (CUSTOMER, r"package tailrace.customer.v1;", "package tailrace.customer.v2;",
     "file tailrace/customer/v1/customer.proto was"),
    (CHANGE, r'option java_package = "tailrace.v1";', "", "option java_package of tailrace/v1/change.proto was"),
    (CHANGE, r"(?s)message Message \{.*", "message Note {}\nmessage Message {}", "field tailrace.v1.Message.prefix"),
    (CUSTOMER, r"optional string email = 7;", "", "field tailrace.customer.v1.Profile.email is gone"),
    (CUSTOMER, r"map<string, bytes> invalid_fields", "map<string, string> invalid_fields",
     "InvalidFieldsEntry.value was"),
])
def test_breaches_are_found(edited, file, pattern, replacement, what):
    wrong, _ = edited(file, pattern, replacement)
    assert any(what in line for line in wrong), wrong


def test_additions_are_no_breach_but_must_be_frozen(edited):
    wrong, added = edited(CHANGE, r"string pos = 13;", "string pos = 13;\n  string note = 180;")
    assert wrong == []
    assert any("field tailrace.v1.RowChange.note is new" in line for line in added)
