"""Everything that speaks to the API server; only here `kubernetes` may be imported, and then lazily."""
