// Package asked stands in for what containerd's default profile asks of its machine, so that it can be asked about any machine.
// It has the names of package runtime and of containerd's package kernelversion.
package asked

// GOARCH is the architecture that is asked about; New says whether its kernel is 4.8 or later.
var (
	GOARCH string
	New    bool
)

// KernelVersion is a kernel's version.
type KernelVersion struct {
	Kernel uint64
	Major  uint64
}

// GreaterEqualThan knows one version only; another one in a profile must stop the refresh.
func GreaterEqualThan(minimum KernelVersion) (bool, error) {
	if minimum != (KernelVersion{Kernel: 4, Major: 8}) {
		panic("the profile asks for a kernel other than 4.8")
	}
	return New, nil
}
