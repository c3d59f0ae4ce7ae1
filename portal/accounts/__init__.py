"""Staff: organisations, users, roles and the audit log of who opened what, and why."""
