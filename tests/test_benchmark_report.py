"""A benchmark that misses a bound says so to whoever started it, a machine too."""

import pytest

from benchmarks.report import hold


def test_a_benchmark_that_holds_all_its_bounds_goes_on() -> None:
    hold({"a second for each core": True, "memory": True})


def test_one_that_misses_a_bound_ends_with_its_name_which_is_exit_code_1() -> None:
    with pytest.raises(SystemExit) as ended:
        hold({"a second for each core": True, "memory": False, "growth": False})
    assert ended.value.code == "Missed: memory; growth."
