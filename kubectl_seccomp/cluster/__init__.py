"""Everything that speaks to the API server; the only importer of the kubernetes package, and lazily."""
