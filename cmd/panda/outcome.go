package main

import (
	"encoding/json"
	"errors"
	"io"

	"panda/emu"
	"panda/emu/rr"
)

// outcome is the last line of a recording or a replay with -json.
type outcome struct {
	Result string   `json:"result"`
	File   string   `json:"file"`
	Icount uint64   `json:"icount"` // at the end
	Inputs *uint64  `json:"inputs,omitempty"`
	States *uint64  `json:"states,omitempty"` // how often the state was compared
	Bytes  int64    `json:"bytes,omitempty"`  // of what has been recorded
	Why    string   `json:"why,omitempty"`
	Shared []string `json:"shared,omitempty"` // files that others may have written to where the program sees it
}

// The results of an outcome.
const (
	hasRecorded = "recorded"
	isRight     = "right"
	isCut       = "cut"      // there is no more of the recording
	isLeft      = "left"     // the replay did not go on
	hasDiverged = "diverged" // the recording says otherwise
	hasFailed   = "failed"
	isSpoilt    = "spoilt" // the file of a recording is gone, or holds something else
)

func writeOutcome(w io.Writer, o outcome) error { return json.NewEncoder(w).Encode(o) }

// recordOutcome is what has been recorded.
func recordOutcome(r emu.Recorded) outcome {
	o := outcome{Result: hasRecorded, File: r.File, Icount: r.Instructions, Inputs: &r.Inputs, Bytes: r.Size, Shared: r.Shared}
	switch {
	case r.Spoilt != nil:
		o.Result, o.Why = isSpoilt, r.Spoilt.Error()
	case r.Lost != nil:
		o.Result, o.Why = isCut, r.Lost.Error()
	}
	return o
}

// replayOutcome is how far a replay has come.
func replayOutcome(result string, r emu.Replayed) outcome {
	return outcome{Result: result, File: r.File, Icount: r.Instructions, Inputs: &r.Inputs, States: &r.States}
}

// failure is a replay that has ended with an error.
func (o *replayOptions) failure(err error) outcome {
	f := outcome{Result: hasFailed, File: o.name, Why: err.Error()}
	var d *rr.Divergence
	var over *rr.OverError
	switch {
	case errors.As(err, &d):
		f.Result, f.Icount = hasDiverged, d.Icount
	case errors.As(err, &over):
		f.Icount = over.Icount
		if whole(err) {
			f.Result = isCut
		}
	}
	return f
}

// whole reports whether all that there is of a recording has been replayed.
func whole(err error) bool {
	return errors.As(err, new(*rr.OverError)) && !errors.Is(err, rr.ErrCorrupt)
}
