// Package signal is signals as data: which are pending, what a process does on
// them, and what becomes of one without a handler. The personality has the queues and
// the actions of its threads and processes, and decides who gets a signal, and when;
// none of that is known here.
package signal
