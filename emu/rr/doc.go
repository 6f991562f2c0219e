// Package rr records what a run of programs gets from the world, and gives it again.
//
// Problem: a run is to be repeated exactly, under other plugins, on another machine,
// without the files that it read.
//
// Idea: all inputs of the guest pass one door, hostsys.Door, in one order, and what the
// guest does is a function of them. A Recorder is a door that writes down what passes; a
// Player is one behind which there is no world, and that answers what was written down.
// Both know nothing of programs and processes: system calls, files and descriptors of the
// guest are the personality's, which runs in a replay as it did.
//
// What maps of files show is an input without a call. The recorder takes down the pages
// when a file is mapped, and again what is written to it as long as it is; the player has
// files in memory in their place.
//
// A recording is one file, of which any beginning is valid: see Writer.
package rr
