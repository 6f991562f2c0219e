//go:build !(linux && amd64)

package main

import "errors"

type steps struct {
	mnemonics, places map[string]uint64
	reads             int
}

func stepNatively(string, []byte) (*steps, error) { return nil, errors.New("no ptrace here") }
