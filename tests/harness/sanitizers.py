"""How the sanitizers' run-time libraries are set, for every binary the tests start.

An allocation that is too large returns NULL, as malloc's does: our code checks every one, and tests see that it does.
"""

from .fetch import ROOT

OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=99",
    "TSAN_OPTIONS": "allocator_may_return_null=1:exitcode=99:second_deadlock_stack=1:"
                    f"suppressions={ROOT}/tests/sanitizer/tsan.supp",
}
