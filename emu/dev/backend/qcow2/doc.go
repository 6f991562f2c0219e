// Package qcow2 reads and writes disk images of QEMU's format qcow2, versions 2 and 3, by
// its specification (QEMU, docs/interop/qcow2; "spec" in comments here).
//
// An image maps clusters of the guest's disk to clusters of the file: an L1 table names L2
// tables, which name data clusters. Each cluster of the file has a refcount, in refcount
// blocks, which a refcount table names. Internal snapshots have an L1 table of their own,
// and share the rest until it is written.
//
// Problem: the emulator, or its host, may end at any moment, and a cluster that something
// refers to must never look free, or else it is given away twice.
//
// Idea: data goes to the file at once, to clusters that nothing on disk refers to yet.
// Tables are changed in memory, and are written when the guest flushes or the caches are
// full, in an order (flush.go):
//
//  1. refcount blocks, and then the entries of the refcount table that name new ones;
//  2. new L2 tables, which nothing names yet;
//  3. when the host says that all this is on its medium, L2 tables in place and the L1 table;
//  4. when that is on the medium, refcounts of clusters that were given up become smaller.
//
// Invariants: a cluster's refcount on disk is never smaller than the number of references
// to it on disk, so that a crash leaves leaks at worst. A cluster that was given up is not
// used again before step 4. What is written in one piece (a field of the header) is written
// within one sector.
//
// Operations on snapshots change many refcounts and flags, which no order keeps exact; they
// set the dirty bit meanwhile where the version has one, and an image with that bit is
// repaired when it is opened to be written.
//
// An image from elsewhere may be anything: sizes of tables are bounded before they are read,
// and a mistake that is found stops all further writes.
package qcow2
