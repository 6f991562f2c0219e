package rr

import (
	"encoding/base64"
	"encoding/json"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"
)

// Manifest is what a replay has to know before it begins.
type Manifest struct {
	Panda   string    // the version that recorded
	Created time.Time // by the clock of the recording machine
	Host    string    // architecture and system of the recording machine

	Arch, CPU string // of the guest
	MMU       string // informs
	Accel     string // informs
	Window    uint64
	Layout    string
	SchedSeed uint64
	Memory    uint64 // limits, 0 for none
	Files     int
	Threads   int

	Path    Text // of the program
	Args    []Text
	Env     []Text
	Dir     Text // working directory that was asked for, or ""
	Cwd     Text // the recorder's, informs
	Sysroot Text
	Stdio   [3]int // descriptors of the recording machine
	Wake    int
	Ignored []int // signals
	Walks   bool  // see hostsys.Host
	Sandbox bool  // informs
}

// Host names the architecture and the system that this panda runs on, whose system calls
// are recorded.
func Host() string { return runtime.GOOS + "/" + runtime.GOARCH }

// Text is a string of the guest, which need not be UTF-8.
type Text string

// rawText begins in JSON what is the base64 of a Text.
const rawText = "\x01"

// MarshalJSON keeps what JSON could not.
func (t Text) MarshalJSON() ([]byte, error) {
	if s := string(t); utf8.ValidString(s) && !strings.HasPrefix(s, rawText) {
		return json.Marshal(s)
	}
	return json.Marshal(rawText + base64.StdEncoding.EncodeToString([]byte(t)))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	raw, ok := strings.CutPrefix(s, rawText)
	if !ok {
		*t = Text(s)
		return nil
	}
	text, err := base64.StdEncoding.DecodeString(raw)
	*t = Text(text)
	return err
}

// Texts and Strings convert lists.
func Texts(list []string) []Text {
	ts := make([]Text, len(list))
	for i, s := range list {
		ts[i] = Text(s)
	}
	return ts
}

// Strings is the other way of Texts.
func Strings(list []Text) []string {
	ss := make([]string, len(list))
	for i, t := range list {
		ss[i] = string(t)
	}
	return ss
}
