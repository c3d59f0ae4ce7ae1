"""What other machines ask of us: lookups, feedback."""
