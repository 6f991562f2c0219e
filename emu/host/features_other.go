//go:build !amd64

package host

// CPU tells what this CPU can do.
func CPU() Features { return Features{} }
