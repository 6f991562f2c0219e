package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"panda/emu/linux"
)

// TestLimit: a guest gets what -limit says, and a clean error for more.
func TestLimit(t *testing.T) {
	prog := buildC(t, "bounds")
	said := regexp.MustCompile(`^(\w+): (\d+)\n(then 4096\n)?$`)
	for _, c := range []struct {
		what, limit string
		errno       string
		least, most int
	}{
		{"map", "mem=100m", "ENOMEM", 50, 100},
		{"reserve", "mem=100m", "0", 5000, 5000}, // what cannot be written takes nothing
		{"open", "files=50", "EMFILE", 40, 50},
		{"writes to a memory file", "mem=100m", "ENOSPC", 99, 100},
		{"file", "mem=100m", "ENOSPC", 95, 100},
		{"names", "mem=1m", "ENOMEM", 0, 0}, // not even the program fits
		{"names", "mem=16m", "ENOSPC", 1000, 4096},
		{"processes", "procs=20", "EAGAIN", 19, 19},
		{"zombies", "procs=20", "EAGAIN", 19, 19},
		{"stores through maps", "mem=100m", "ENOMEM|ENOSPC", 60, 67},
		{"holds in messages", "mem=100m", "ENOSPC", 90, 100},
		{"holds in messages", "files=50", "ENFILE", 10, 25},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			r := panda(t, "", "-sandbox", "-limit", c.limit, prog, c.what)
			if c.most == 0 {
				if r.status == 0 || r.stderr == "" {
					t.Errorf("%+v", r)
				}
				return
			}
			m := said.FindStringSubmatch(r.stdout)
			if m == nil || !slices.Contains(strings.Split(c.errno, "|"), m[1]) {
				t.Fatalf("%+v", r)
			}
			name, _, _ := strings.Cut(c.limit, "=")
			if told := strings.Count(r.stderr, "panda: limit "+name+"="); told != 1 && m[1] != "0" && m[1] != "ENOSPC" {
				t.Errorf("the user was told %d times: %s", told, r.stderr)
			}
			if n, _ := strconv.Atoi(m[2]); n < c.least || n > c.most {
				t.Errorf("%d, want %d to %d", n, c.least, c.most)
			}
		})
	}
}

func TestParseLimits(t *testing.T) {
	base := linux.Limits{Memory: 1, Files: 2, Threads: 3}
	for _, c := range []struct {
		text string
		want linux.Limits
		err  string
	}{
		{"", base, ""},
		{"mem=2g", linux.Limits{Memory: 2 << 30, Files: 2, Threads: 3}, ""},
		{"mem=none,files=10K,procs=7", linux.Limits{Files: 10 << 10, Threads: 7}, ""},
		{"memory=2g", base, `-limit: no limit "memory" (did you mean "mem"?): there are mem=SIZE, files=N and procs=N`},
		{"mem", base, `-limit mem: "" is no amount: write 512, 64k, 100m, 2g, or none`},
		{"mem=0", base, `-limit mem=0: "0" is no amount: write 512, 64k, 100m, 2g, or none`},
		{"mem=-1", base, `-limit mem=-1: "-1" is no amount: write 512, 64k, 100m, 2g, or none`},
		{"mem=99999999t", base, `-limit mem=99999999t: "99999999t" is no amount: write 512, 64k, 100m, 2g, or none`},
	} {
		got, err := parseLimits(c.text, base)
		if text := ""; err != nil || c.err != "" {
			if err != nil {
				text = err.Error()
			}
			if text != c.err {
				t.Errorf("%q: error %q, want %q", c.text, text, c.err)
			}
		} else if got != c.want {
			t.Errorf("%q: %+v, want %+v", c.text, got, c.want)
		}
	}
}
