"""What we match against: signals, and the index built from them."""
