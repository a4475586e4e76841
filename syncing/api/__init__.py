"""The REST surface, `/api/v1/…`: thin views over the services that the pages use too. `urls.py` lists its addresses."""
