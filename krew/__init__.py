"""The self-contained bundle and its krew manifest: how they are made, and krew's own rules to check them by."""
