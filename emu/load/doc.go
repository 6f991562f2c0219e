// Package load brings program files into guest memory: ELF executables of 64
// and 32 bits, static, position-independent, and with a program interpreter.
// Parse reads the headers, Map maps the segments. They take what Linux takes and
// refuse what it refuses, at the same time: what Parse refuses is an error of
// execve, what Map refuses ends the process. The file is hostile input: a bad
// field is an error that names it.
//
// The Linux personality calls it for execve. The package opens no files and
// builds no stack.
package load
