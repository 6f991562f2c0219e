package abi

type kind struct {
	name string
	out  bool
	wide bool
}

var kinds = [numTypes]kind{}
