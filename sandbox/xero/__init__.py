"""A stand-in Xero: the identity service, the connections and the Accounting API 2.0."""
