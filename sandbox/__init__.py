"""A stand-in Autotask and a stand-in Xero in one process, for the demo, for development and for the tests.

It speaks the partners' real wire formats over HTTP, is as strict as they are, and knows nothing of the product that
talks to it. Everything lives in memory, and can be set, troubled and read back through ``/sandbox/…`` (``control.py``).
"""
