"""What we asked to be removed: notices, deliveries, deadlines."""
