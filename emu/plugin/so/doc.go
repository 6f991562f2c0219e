// Package so loads plugins that are shared objects, which Go's plugin package
// opens. It is linked into panda-cgo only (make bin/panda-cgo): importing
// "plugin" needs cgo and ends static linking. Importing this package registers
// the loader; in other builds it is empty.
//
// A shared object is a package main with a variable or function
//
//	func New() plugin.Plugin
//
// built by -buildmode=plugin with the Go version, the flags (-trimpath) and the
// packages of the panda that is to load it; native/example/README.md has the
// recipe. It cannot be unloaded from memory: unloading ends its callbacks, and
// loading it again calls New again.
package so
