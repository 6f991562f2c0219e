// Package load brings program files into guest memory: ELF executables of 64
// and 32 bits, static, position-independent, and with a program interpreter.
// Parse reads and judges the headers, Map maps the segments. The file is hostile
// input: every field is bounded before it is used, and a bad one is an error
// that names it.
//
// The Linux personality calls it for execve. The package opens no files and
// builds no stack.
package load
