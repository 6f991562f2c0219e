// Package sym knows the symbols of mapped ELF files: address to name, name to
// address. Names come from .symtab, .dynsym and the procedure linkage table
// (puts@plt). A file is read when it is first asked for and then kept; a damaged
// one has no symbols, and of one with very many or very large tables a part is
// left out and said (elf.go). Callers write a name as in a debugger: "main", or
// "libc.so.6!malloc" for that of one file.
package sym
