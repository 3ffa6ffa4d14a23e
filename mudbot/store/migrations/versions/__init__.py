"""A revision for each schema."""
