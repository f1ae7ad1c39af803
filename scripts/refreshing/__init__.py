"""What scripts/refresh_data does: one module per data file."""
