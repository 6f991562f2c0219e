package dec

import "testing"

// FuzzDecode: no panic, a length within bounds, the same result again, and
// every proper prefix of an instruction is truncated.
func FuzzDecode(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add(g.code, uint8(g.mode/16))
	}
	f.Fuzz(func(t *testing.T, code []byte, m uint8) {
		mode := []Mode{Mode16, Mode32, Mode64}[m%3]
		var in, again Inst
		err := Decode(&in, code, mode)
		if e := Decode(&again, code, mode); e != err || err == nil && again != in {
			t.Fatalf("% x: %v and %+v, then %v and %+v", code, err, in, e, again)
		}
		if err != nil {
			return
		}
		if in.Len == 0 || in.Len > MaxLen || int(in.Len) > len(code) || in.Row == nil || int(in.N) > len(in.Args) {
			t.Fatalf("% x: %+v", code, in)
		}
		if Text(&in, 0x1000, nil) == "" || in.Mnemonic() == "" {
			t.Fatalf("% x: no text", code)
		}
		for n := range int(in.Len) {
			if err := Decode(&again, code[:n], mode); err != ErrTruncated {
				t.Fatalf("% x: the first %d bytes give %v", code[:in.Len], n, err)
			}
		}
	})
}
