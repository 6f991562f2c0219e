// Package cred is the ids of a process as the guest sees them, and who may change
// them to what (credentials(7)). The personality asks it in the calls that change ids
// and wherever rights count. It knows no process and no host.
package cred
