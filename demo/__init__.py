"""An outsider that drives the portal through HTTP, and the small internet that it looks at."""
