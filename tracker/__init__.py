"""tracker computes: decode, hash, index, match, crawl, spread. It knows no database."""
