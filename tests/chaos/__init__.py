"""Crashes, cut connections and late answers at every step of a run: whatever happens, each invoice arrives once.

The tests here cover a set of them in every run of the suite; ``python -m tests.chaos --rounds 500`` plays random ones.
"""
