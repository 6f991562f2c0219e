// Package binfmt makes an opened program ready to run: it maps the ELF file and its
// interpreter, builds the stack that the program finds, and reads the first line of
// a script. It knows no process and no path; the personality opens the files, and
// calls Load on execve.
package binfmt
