//go:build linux && amd64

package export

import "testing"

// TestGDBList walks the list as gdb does.
func TestGDBList(t *testing.T) {
	s, err := GDB(8)
	if err != nil {
		t.Fatal(err)
	}
	const n = 3*youngMax + 5
	for i := range uint64(n) {
		if err := s.Add(Code{"f", 0x1000 + 16*i, make([]byte, 16)}); err != nil {
			t.Fatal(err)
		}
	}
	d, objects := theDescriptor(), 0
	if d.version != 1 || d.action != gdbRegister || d.relevant != d.first {
		t.Errorf("%+v", d)
	}
	for e, prev := d.first, (*gdbEntry)(nil); e != nil; e, prev = e.next, e {
		if objects++; e.prev != prev || e.file == nil || e.size == 0 {
			t.Fatalf("object %d: %+v", objects, e)
		}
	}
	if want := 3 + 5; objects != want {
		t.Errorf("%d objects, want %d", objects, want)
	}
	if s.Reset(); d.first != nil || d.action != gdbUnregister || len(s.(*gdbSink).entries) != 0 {
		t.Errorf("%+v", d)
	}
}
