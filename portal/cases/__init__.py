"""What the victim told us: case, report, exhibit, consent, event."""
