// Package hostfile is files of the host that the kernel reads for itself: how it
// names those that are open, where the guest's paths lie on the host, and sources
// for the loader and for symbols. The personality opens programs and libraries with
// it; what a path of the guest means besides, namei knows.
package hostfile
