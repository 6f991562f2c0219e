// Package hostsys is the world's edge of the Linux personality: whatever the
// guest learns from the host or does to it passes through the one method of a
// Door, as numbers and bytes. So a recorder, a sandbox or a test wraps that
// method and nothing else.
//
// A Host gives the Door typed names. Its methods do exactly one host call each,
// return an errno and decide nothing: what a call means for the guest is the
// personality's business. Buffers may be guest memory; the host then fills it
// in place, and an address that is not there is EFAULT.
//
// Signals that the host sends to the emulator make the descriptor Wake readable, and
// are taken by a call like any other (SysSignals). What a map of a file shows is made by
// one, too: see Mapped. No call runs in the background: what would keep the host waiting
// is asked for again and again. So all inputs have one order.
package hostsys
