package event

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// textReach is how far after an address the end of a text is looked for.
const textReach = 4096

// CString reads bytes up to a zero byte, at most limit, page by page, so that what
// stands before an unmapped page is found. ended says that there was a zero byte.
func CString(c *vcpu.CPU, a guest.Addr, limit int) (s string, ended bool, err error) {
	const page = 4096
	var out []byte
	for len(out) < limit {
		b := make([]byte, min(limit-len(out), page-int(a%page)))
		if err := c.Read(a, b); err != nil {
			return "", false, err
		}
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return string(append(out, b[:i]...)), true, nil
		}
		out = append(out, b...)
		a += guest.Addr(len(b))
	}
	return string(out), false, nil
}

// Text is the text at an address, if what is there is one: UTF-8 that can be
// printed, with its zero byte within reach. All that shows texts to people asks
// here, so that a pointer, or any other bytes, is not taken for one: the bytes of an
// address may well be UTF-8, with the zeros of its upper half after them.
func Text(c *vcpu.CPU, a guest.Addr) (s string, ok bool) {
	s, ended, err := CString(c, a, textReach)
	if err != nil || !ended || !utf8.ValidString(s) || len(s) < int(c.Machine.Arch.Word()) && pointer(c, a) {
		return "", false
	}
	for _, r := range s {
		if !strconv.IsPrint(r) && !(r >= '\a' && r <= '\r') && r != '\x1b' {
			return "", false
		}
	}
	return s, true
}

// pointer reports whether the word at an address is an address of what is mapped.
func pointer(c *vcpu.CPU, a guest.Addr) bool {
	v, ok := c.Word(a)
	if !ok {
		return false
	}
	return c.Space.Check(v, 1, 0) == nil
}
