// Command refresh prints containerd's default profile, as an OCI object, for each question that it reads.
//
// scripts/refresh_data puts the profile's source of one containerd version into the folder seccomp, with package asked in place
// of runtime and kernelversion.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"
	"refresh/asked"
	"refresh/seccomp"
)

type question struct {
	Arch string
	New  bool
	Caps []string
}

func answer() error {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		return err
	}
	profiles := make([]*specs.LinuxSeccomp, 0, len(questions))
	for _, each := range questions {
		asked.GOARCH, asked.New = each.Arch, each.New
		capabilities := &specs.LinuxCapabilities{Bounding: each.Caps}
		profiles = append(profiles, seccomp.DefaultProfile(&specs.Spec{Process: &specs.Process{Capabilities: capabilities}}))
	}
	return json.NewEncoder(os.Stdout).Encode(profiles)
}

func main() {
	if err := answer(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
