package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// What it costs to record a run and how long it takes to replay it: the time that passes,
// against the same run without a recorder.

// programs are rows of what people record, besides the kernels. They run in a directory
// made by programsSetup.
var programs = []work{
	{"bash pipeline", "bash", 0, []string{"-c", `for i in 1 2 3 4 5 6 7 8; do echo $i b a | tr ' ' '\n' | sort | head -n 2; done`}},
	{"python3 start", "python3", 0, []string{"-c", "print(1)"}},
	{"sqlite3", "sqlite3", 0, []string{":memory:", `create table t(a, b);
		with recursive c(x) as (select 1 union all select x + 1 from c where x < 50000) insert into t select x, x * 7919 % 10007 from c;
		create index i on t(b); select count(*), sum(a) from t where b > 5000;`}},
	{"git status", "git", 0, []string{"-C", "repository", "status", "--short"}},
	{"gcc -O2", "gcc", 0, []string{"-O2", "-ffreestanding", "-S", "-o", "w5.s", "kernels/w5_interp.c"}},
	{"node start", "node", 0, []string{"-e", "console.log(1)"}},
}

const programsSetup = `git init -q repository && cp -r kernels repository && git -C repository add kernels &&
	git -C repository -c user.name=bench -c user.email=bench@localhost commit -q -m kernels && touch repository/more`

// benchRecorded prints the table of recordings.
func benchRecorded(o *options, dir string) error {
	if _, err := build(o, dir); err != nil {
		return err
	}
	o.wall, o.dir = true, dir
	c := exec.Command("sh", "-c", programsSetup)
	c.Dir = dir
	noGit := c.Run()
	fmt.Printf("guest %s, seconds that pass, medians of %d rounds; as multiples of a run that nobody records\n\n", o.guest, o.rounds)
	fmt.Print("| program | live | record | replay | instructions | size in bytes |\n|---|--:|--:|--:|--:|--:|\n")
	bad := recordedRows(o, dir, works, nil)
	return errors.Join(bad, recordedRows(o, dir, programs, map[string]error{"git": noGit}))
}

// recordedRows prints rows and their geometric means. Programs that are not installed have
// none.
func recordedRows(o *options, dir string, list []work, missing map[string]error) (bad error) {
	panda, file := filepath.Join(dir, "panda"), filepath.Join(dir, "run.rr")
	peers := []peer{
		{name: "live", prefix: []string{panda}},
		{name: "record", prefix: []string{panda, "record", "-o", file}},
		{name: "replay", prefix: []string{panda, "replay", file}, alone: true},
	}
	var records, replays means
	for _, w := range list {
		if !o.match.MatchString(w.name) {
			continue
		}
		if w.size == 0 && w.program != "w0_hello" {
			path, err := exec.LookPath(w.program)
			if err = errors.Join(err, missing[w.program]); err != nil {
				fmt.Printf("| %s | not here |\n", w.name)
				continue
			}
			w.program = path
		}
		all := measure(o, dir, w, peers)
		insns, size, err := recordedSize(panda, file)
		if err = errors.Join(all[0].err, all[1].err, all[2].err, err); err != nil {
			bad = errors.Join(bad, fmt.Errorf("%s: %w", w.name, err))
			continue
		}
		record, replay := ratio(all[1], all[0]), ratio(all[2], all[0])
		records.add(record)
		replays.add(replay)
		fmt.Printf("| %s | %.3f | %.2f | %.2f | %d | %d |\n", w.name, median(all[0].times), record, replay, insns, size)
	}
	fmt.Printf("| geometric mean | | %s | %s | | |\n", records.text(), replays.text())
	return bad
}

// recordedSize says how many instructions are in a recording, and how large it is.
func recordedSize(panda, file string) (insns uint64, size int64, err error) {
	var is struct{ Contents struct{ Instructions uint64 } }
	out, err := exec.Command(panda, "info", "-json", file).Output()
	if err == nil {
		err = json.Unmarshal(out, &is)
	}
	st, errStat := os.Stat(file)
	if err = errors.Join(err, errStat); err != nil {
		return 0, 0, err
	}
	return is.Contents.Instructions, st.Size(), nil
}
