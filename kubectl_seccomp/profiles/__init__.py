"""Profile files: what a container runtime makes of their bytes. Pure."""
