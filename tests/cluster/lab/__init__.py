"""A real Kubernetes of five nodes on one machine, from Go modules and Debian packages alone."""
