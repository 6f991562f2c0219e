// Package strace prints system calls and signals as strace -f does. The personality
// tells it what threads do; the text of a call is made by abi/text. Of a thread it
// knows what its lines say of it, and no more.
package strace
