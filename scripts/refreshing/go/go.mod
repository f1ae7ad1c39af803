module refresh

go 1.22

require (
	github.com/opencontainers/runtime-spec v1.3.0
	golang.org/x/sys v0.31.0
)
