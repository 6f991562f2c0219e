package proc

import (
	"strings"
	"testing"

	"panda/emu/linux/abi"
	"panda/emu/linux/cred"
)

// TestEnded: what is left of a process, by the fields of proc(5).
func TestEnded(t *testing.T) {
	p := &Ended{
		PID: 7, PPID: 3, PGID: 5, SID: 4, Comm: "a b", Creds: &cred.Creds{UID: cred.IDs{1, 2, 3}},
		Times: Times{Used: 11, Children: 12}, ExitSignal: 17, Status: 256,
	}
	stat := p.Text("stat")
	fields := strings.Fields(stat[strings.Index(stat, ") ")+2:]) // from 3 on
	for n, want := range map[int]string{3: "Z", 4: "3", 5: "5", 6: "4", 8: "-1", 14: "11", 16: "12", 20: "1", 38: "17", 52: "256"} {
		if got := fields[n-3]; got != want {
			t.Errorf("field %d of stat is %s, want %s", n, got, want)
		}
	}
	if len(fields) != 50 || !strings.HasPrefix(stat, "7 (a b) Z ") {
		t.Errorf("stat is %q", stat)
	}
	if status := p.Text("status"); !strings.Contains(status, "\nUid:\t1\t2\t3\t2\n") {
		t.Errorf("status is %q", status)
	}
	for name, want := range map[string]string{"cmdline": "", "comm": "a b\n"} {
		if got := p.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	var limits [abi.RLIM_NLIMITS]abi.Rlimit64
	limits[0] = abi.Rlimit64{Cur: 5, Max: ^uint64(0)}
	text := LimitsText(&limits)
	if want := "Max cpu time              5                    unlimited            seconds   \n"; !strings.Contains(text, want) {
		t.Errorf("limits are\n%swithout\n%s", text, want)
	}
	if n := strings.Count(text, "\n"); n != abi.RLIM_NLIMITS+1 {
		t.Errorf("%d lines", n)
	}
}
