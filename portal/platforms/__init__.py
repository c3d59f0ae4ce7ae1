"""The directory of platforms, hosts and contacts, and the law as data (rules/*.yaml)."""
