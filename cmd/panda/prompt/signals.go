package prompt

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"panda/emu/event"
	"panda/emu/linux"
	"panda/emu/linux/abi"
)

// numSignals is the highest number of a signal.
const numSignals = abi.SIGRTMAX

// handling is what becomes of a signal that a guest thread is about to take.
type handling struct {
	stop  stopRule
	quiet bool // it is not told of
	drop  bool // the guest does not get it
}

// stopRule says whether a signal stops the guest.
type stopRule uint8

const (
	stopFatal stopRule = iota // if it would kill
	stopAlways
	stopNever
)

// handleWords are the words of :handle.
var handleWords = []struct {
	name string
	set  func(h *handling)
}{
	{"stop", func(h *handling) { h.stop, h.quiet = stopAlways, false }},
	{"nostop", func(h *handling) { h.stop = stopNever }},
	{"fatal", func(h *handling) { h.stop, h.quiet = stopFatal, false }},
	{"pass", func(h *handling) { h.drop = false }},
	{"nopass", func(h *handling) { h.drop = true }},
	{"print", func(h *handling) { h.quiet = false }},
	{"noprint", func(h *handling) { h.stop, h.quiet = stopNever, true }},
}

// told reports whether a signal that does not stop the guest is told of: only the
// user makes it so, by nostop or by nopass.
func (h handling) told() bool { return !h.quiet && (h.stop == stopNever || h.drop) }

// signaller is a machine whose guest takes signals.
type signaller interface {
	OnDelivery(judge func(linux.Delivery) linux.Verdict) error
	Held() (linux.Delivery, bool)
	SetHeld(sig int) error
}

var errNoSignals = errors.New("this guest has no signals")

// judgeSignals makes :handle decide on the guest's signals.
func (s *session) judgeSignals() {
	m, ok := s.m.(signaller)
	if !ok {
		return
	}
	_ = m.OnDelivery(func(d linux.Delivery) linux.Verdict { // a guest without signals takes none
		h := s.handling[d.Signo]
		switch {
		case !s.running:
			return linux.Deliver
		case h.stop == stopAlways || h.stop == stopFatal && d.Fatal:
			return linux.Hold
		case h.told():
			fmt.Fprintln(s.out, describe(d))
		}
		if h.drop {
			return linux.Drop
		}
		return linux.Deliver
	})
}

// describe tells what a signal is and whom it is for.
func describe(d linux.Delivery) string {
	return fmt.Sprintf("process %d, thread %d: %s", d.PID, d.TID, strings.Trim(d.Text, "- "))
}

// showHeld tells of the signal that the guest takes when it goes on.
func (s *session) showHeld() {
	m, ok := s.m.(signaller)
	if !ok {
		return
	}
	d, ok := m.Held()
	if !ok {
		return
	}
	then := ":c delivers it"
	switch h := s.handling[d.Signo]; {
	case h.drop:
		then = "it is dropped"
	case d.Fatal && s.Fixed:
		then = ":c delivers it, which kills the process"
	case d.Fatal:
		then = ":c delivers it, which kills the process; :signal 0 drops it"
	}
	fmt.Fprintf(s.out, "%s\n%s\n", describe(d), then)
}

// dropUnwanted drops the signal that stopped the guest if it is not to be passed.
func (s *session) dropUnwanted() {
	if m, ok := s.m.(signaller); ok {
		if d, held := m.Held(); held && s.handling[d.Signo].drop {
			s.say(m.SetHeld(0))
		}
	}
}

// parseSignal reads a name, with or without SIG, or a number.
func parseSignal(text string) (int, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= numSignals {
		return n, nil
	}
	name := strings.ToUpper(strings.TrimPrefix(strings.ToUpper(text), "SIG"))
	names := signalNames()
	for i, known := range names {
		if known == name {
			return i + 1, nil
		}
	}
	return 0, fmt.Errorf("no signal %q%s", text, event.DidYouMean(name, names))
}

// signalNames are the names of the signals, from 1 on, without SIG.
func signalNames() (names []string) {
	for n := 1; n <= numSignals; n++ {
		names = append(names, strings.TrimPrefix(abi.SignalName(n), "SIG"))
	}
	return names
}

// signalCandidates completes :signal and :handle.
func signalCandidates(before []string) []string {
	names := signalNames()
	if len(before) > 0 && strings.TrimPrefix(before[0], ":") == "handle" {
		names = append(append(names, "all"), handleNames()...)
	}
	return names
}

// cmdSignal lets the guest run on with another signal, or none.
func cmdSignal(s *session, args string) error {
	m, ok := s.m.(signaller)
	if !ok {
		return errNoSignals
	}
	if args != "" {
		sig := 0
		if args != "0" {
			var err error
			if sig, err = parseSignal(args); err != nil {
				return err
			}
		}
		if err := m.SetHeld(sig); err != nil {
			return err
		}
	}
	return s.resume(s.m.Run)
}

var errKill = errors.New("SIGKILL cannot be handled: it kills without asking anybody")

// cmdHandle changes what becomes of signals, or shows it.
func cmdHandle(s *session, args string) error {
	sigs, sets, err := parseHandle(strings.Fields(args))
	if err != nil {
		return err
	}
	for _, sig := range sigs {
		for _, set := range sets {
			if sig != abi.SIGKILL {
				set(&s.handling[sig])
			}
		}
	}
	if h := s.handling[abi.SIGINT]; s.judge != nil {
		s.judge.Pass(h.stop == stopNever && !h.drop)
	}
	return s.showSignals(sigs)
}

// parseHandle reads the arguments of :handle: signals, and what becomes of them.
func parseHandle(args []string) (sigs []int, sets []func(h *handling), err error) {
	kill := false
	for _, f := range args {
		if set := handleWord(f); set != nil {
			sets = append(sets, set)
			continue
		}
		if f == "all" {
			for n := 1; n <= numSignals; n++ {
				sigs = append(sigs, n)
			}
			continue
		}
		sig, err := parseSignal(f)
		if err != nil {
			return nil, nil, fmt.Errorf("%w, and it is none of %s", err, strings.Join(handleNames(), " "))
		}
		sigs = append(sigs, sig)
		kill = kill || sig == abi.SIGKILL
	}
	switch {
	case len(sigs) == 0:
		err = errors.New("which signal? :info signals lists them")
	case kill && len(sets) > 0:
		err = errKill
	}
	return sigs, sets, err
}

func handleNames() (names []string) {
	for _, w := range handleWords {
		names = append(names, w.name)
	}
	return names
}

func handleWord(name string) func(h *handling) {
	for _, w := range handleWords {
		if w.name == name {
			return w.set
		}
	}
	return nil
}

func infoSignals(s *session, args string) error {
	var sigs []int
	for _, f := range strings.Fields(args) {
		sig, err := parseSignal(f)
		if err != nil {
			return err
		}
		sigs = append(sigs, sig)
	}
	if len(sigs) == 0 {
		for n := 1; n <= numSignals; n++ {
			if n < abi.SIGRTMIN || s.handling[n] != (handling{}) {
				sigs = append(sigs, n)
			}
		}
	}
	return s.showSignals(sigs)
}

// showSignals lists what becomes of signals.
func (s *session) showSignals(sigs []int) error {
	yes := map[bool]string{true: "yes", false: "no"}
	t := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "signal\tstop\tprint\tpass")
	for _, n := range sigs {
		if n == abi.SIGKILL { // nobody is asked about it
			fmt.Fprintf(t, "%s\tno\tno\tyes\n", abi.SignalName(n))
			continue
		}
		h := s.handling[n]
		stop := [...]string{stopFatal: "if fatal", stopAlways: "yes", stopNever: "no"}[h.stop]
		told := stop
		if h.stop == stopNever || h.drop {
			told = yes[h.told()]
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", abi.SignalName(n), stop, told, yes[!h.drop])
	}
	return t.Flush()
}
