//go:build !linux || !amd64

package oracle

import (
	"errors"
	"runtime"
)

// Oracle does not exist here.
type Oracle struct{}

var errPlatform = errors.New("oracle: needs linux/amd64, this is " + runtime.GOOS + "/" + runtime.GOARCH)

// New says that there is no oracle on this platform.
func New(...Region) (*Oracle, error) { return nil, errPlatform }

// Close does nothing.
func (*Oracle) Close() error { return nil }

// Bytes is no memory.
func (*Oracle) Bytes(uint64, int) []byte { return nil }

// Set fails.
func (*Oracle) Set(*State) error { return errPlatform }

// Get fails.
func (*Oracle) Get(*State) error { return errPlatform }

// GetInteger fails.
func (*Oracle) GetInteger(*State) error { return errPlatform }

// Step fails.
func (*Oracle) Step() (Stop, error) { return Stop{}, errPlatform }

// Run fails.
func (*Oracle) Run() (Stop, error) { return Stop{}, errPlatform }
