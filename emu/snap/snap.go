// Package snap turns state into bytes and back. What has state names its fields once,
// in a function of a Stream, which serves both ways: nothing can be saved and forgotten
// when it is loaded.
//
// Bytes that are loaded may be anything: a Stream never reads beyond them, and after the
// first mistake all further fields keep their values.
package snap

import (
	"encoding/binary"
	"fmt"
)

// Stream is the state of something on its way to bytes or from them.
type Stream struct {
	data    []byte // what has been saved, or is still to be loaded
	loading bool
	err     error
}

// Save is the state that f names.
func Save(f func(s *Stream)) []byte {
	s := &Stream{}
	f(s)
	return s.data
}

// Load gives what f names the values in b. After an error the state is of no use.
func Load(b []byte, f func(s *Stream)) error {
	s := &Stream{data: b, loading: true}
	f(s)
	if len(s.data) > 0 {
		s.Fail("%d bytes too many", len(s.data))
	}
	return s.err
}

// Loading says which way the state goes. It is true after a mistake as well.
func (s *Stream) Loading() bool { return s.loading }

// Fail notes a mistake in what is loaded. Only the first one is kept.
func (s *Stream) Fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
	s.data = nil
}

// Integer is a field of a state.
type Integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Int is integers, each of 8 bytes in the order of the manuals of x86, the lowest first.
func Int[T Integer](s *Stream, vs ...*T) {
	for _, v := range vs {
		word := uint64(*v)
		s.word(&word)
		if s.err == nil && uint64(T(word)) != word {
			s.Fail("%#x is too large", word)
		}
		if s.err == nil {
			*v = T(word)
		}
	}
}

// Below is an integer that is at least 0 and less than a bound.
func Below[T Integer](s *Stream, v *T, bound T) {
	got := *v
	if Int(s, &got); s.err == nil && (got < 0 || got >= bound) {
		s.Fail("%d is not below %d", got, bound)
	}
	if s.err == nil {
		*v = got
	}
}

// Ints is as many integers as vs has.
func Ints[T Integer](s *Stream, vs []T) {
	for i := range vs {
		Int(s, &vs[i])
	}
}

// Bool is truth values, a byte each.
func (s *Stream) Bool(vs ...*bool) {
	for _, v := range vs {
		b := [1]byte{}
		if *v {
			b[0] = 1
		}
		if s.Bytes(b[:]); b[0] > 1 {
			s.Fail("%d is no truth value", b[0])
		}
		if s.err == nil {
			*v = b[0] == 1
		}
	}
}

// Bytes is as many bytes as b has.
func (s *Stream) Bytes(b []byte) {
	switch {
	case s.err != nil:
	case !s.loading:
		s.data = append(s.data, b...)
	case len(s.data) < len(b):
		s.Fail("it ends too early")
	default:
		s.data = s.data[copy(b, s.data):]
	}
}

// List is a list of at most that many elements, each of which f names.
func List[T any](s *Stream, vs *[]T, most int, f func(s *Stream, v *T)) {
	n := len(*vs)
	Below(s, &n, most+1)
	if s.err != nil {
		return
	}
	if s.loading {
		*vs = make([]T, 0, min(n, len(s.data)))
		for range n {
			var v T
			if f(s, &v); s.err != nil {
				return
			}
			*vs = append(*vs, v)
		}
		return
	}
	for i := range *vs {
		f(s, &(*vs)[i])
	}
}

// Blob is at most that many bytes.
func (s *Stream) Blob(b *[]byte, most int) {
	n := len(*b)
	Below(s, &n, most+1)
	switch {
	case s.err != nil:
		return
	case s.loading && n > len(s.data):
		s.Fail("it ends too early")
		return
	case s.loading:
		*b = make([]byte, n)
	}
	s.Bytes(*b)
}

// Name is a word that must be the same when the state is loaded: what it belongs to, and
// the version of its fields.
func (s *Stream) Name(name string) {
	got := []byte(name)
	if s.Blob(&got, 1<<8); s.err == nil && string(got) != name {
		s.Fail("%q where %q belongs", got, name)
	}
}

func (s *Stream) word(v *uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], *v)
	s.Bytes(b[:])
	*v = binary.LittleEndian.Uint64(b[:])
}
