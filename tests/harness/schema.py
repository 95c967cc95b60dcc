"""The published schemas as Python classes, compiled with protoc into a directory of the run.

    change = schema.load("tailrace/v1/change.proto")
    change.RowChange.FromString(record.value)
"""

import importlib
import subprocess
import sys
from functools import lru_cache
from types import ModuleType

from . import procs
from .fetch import ROOT


@lru_cache(maxsize=None)
def load(proto: str) -> ModuleType:
    out = procs.subdir("schemas")
    subprocess.run(["protoc", f"-I{ROOT / 'schemas'}", f"--python_out={out}", proto], check=True, cwd=ROOT)
    sys.path.insert(0, str(out))
    try:
        return importlib.import_module(proto[:-len(".proto")].replace("/", ".") + "_pb2")
    finally:
        sys.path.remove(str(out))
