package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// writeVersion writes what the toolchain put into the binary: versions, and what was
// built.
func writeVersion(w io.Writer) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{GoVersion: runtime.Version()}
	}
	fmt.Fprintf(w, "panda %s, %s %s/%s\n", info.Main.Version, info.GoVersion, runtime.GOOS, runtime.GOARCH)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision", "vcs.time", "vcs.modified", "-tags":
			fmt.Fprintf(w, "%s %s\n", s.Key, s.Value)
		}
	}
}
