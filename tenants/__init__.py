"""Who: accounts, their members, credentials and features, and what keeps them apart."""
