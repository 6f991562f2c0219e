// Package proc is what the files of /proc/PID say, in the forms of proc(5), as a
// function of plain values. Which files there are, who may read them, and where the
// values come from, the personality knows.
package proc
