package cred

import (
	"testing"

	"panda/emu/linux/abi"
)

// TestSet: what setuid and setresuid do (setuid(2), setreuid(2), setresuid(2)).
func TestSet(t *testing.T) {
	root, user := IDs{0, 0, 0}, IDs{10, 11, 12}
	one := func(id uint32) func(c *Creds) abi.Errno { return func(c *Creds) abi.Errno { return c.Set(UIDs, id) } }
	each := func(ids ...uint32) func(c *Creds) abi.Errno {
		return func(c *Creds) abi.Errno { return c.SetEach(UIDs, ids...) }
	}
	for _, c := range []struct {
		name string
		from IDs
		call func(c *Creds) abi.Errno
		want IDs
		e    abi.Errno
	}{
		{"root sets all", root, one(5), IDs{5, 5, 5}, 0},
		{"a user takes the saved id", user, one(12), IDs{10, 12, 12}, 0},
		{"a user takes no other", user, one(11), user, abi.EPERM},
		{"setresuid exchanges", user, each(11, Keep, 10), IDs{11, 11, 10}, 0},
		{"setresuid takes no other", user, each(11, 5, 10), user, abi.EPERM},
		{"setreuid saves a new real id's effective one", user, each(10, Keep), IDs{10, 11, 11}, 0},
		{"setreuid of the real id saves nothing", user, each(Keep, 10), IDs{10, 10, 12}, 0},
		{"setreuid takes no saved id for the real one", user, each(12, Keep), user, abi.EPERM},
		{"setreuid of another id saves it", user, each(Keep, 12), IDs{10, 12, 12}, 0},
	} {
		cr := Creds{UID: c.from, GID: user}
		if e := c.call(&cr); e != c.e || cr.UID != c.want || cr.GID != user {
			t.Errorf("%s: %v, %v, want %v, %v", c.name, cr.UID, e, c.want, c.e)
		}
	}
}

// TestExec: execve saves the effective ids.
func TestExec(t *testing.T) {
	c := Creds{UID: IDs{10, 11, 12}, GID: IDs{20, 21, 22}}
	if c.Exec(); c.UID != (IDs{10, 11, 11}) || c.GID != (IDs{20, 21, 21}) {
		t.Errorf("%v %v", c.UID, c.GID)
	}
}
