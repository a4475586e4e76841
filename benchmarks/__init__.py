"""What the product's speed and cost are measured by; docs/performance.md has the figures and what bounds them.

``bin/python -m benchmarks.<name>`` prints its figures as a table and as one line of JSON, and ends with code 1 where it
misses a bound. Each brings up a PostgreSQL, a Redis and a sandbox of its own (`stage.py`) and discards them. What needs
Django is imported inside functions, since its settings are read only when the servers are up.
"""
