package lua

import (
	"encoding/binary"
	"fmt"
	"math"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

func cpuRead(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	return s.pushMemory(L, c, s.argAddr(L, 2), argLen(L, 3, -1))
}

func (s *State) pushMemory(L *glua.LState, c *vcpu.CPU, a guest.Addr, n int) int {
	s.room(L, min(n, maxString))
	if n > maxString {
		L.RaiseError("%d bytes are too many for one string", n)
	}
	b := make([]byte, n)
	if err := c.Read(a, b); err != nil {
		return pushError(L, fmt.Errorf("read of %d bytes at %#x: %w", n, uint64(a), err))
	}
	return pushString(L, string(b))
}

func cpuWrite(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	return s.writeMemory(L, c, s.argAddr(L, 2), L.CheckString(3))
}

func (s *State) writeMemory(L *glua.LState, c *vcpu.CPU, a guest.Addr, b string) int {
	if err := c.Write(a, []byte(b)); err != nil {
		return pushError(L, fmt.Errorf("write of %d bytes at %#x: %w", len(b), uint64(a), err))
	}
	L.Push(glua.LTrue)
	return 1
}

func cpuStr(s *State, L *glua.LState) int {
	c := s.checkCPU(L)
	a, limit := s.argAddr(L, 2), min(argLen(L, 3, 4096), maxString)
	s.room(L, limit)
	text, _, err := event.CString(c, a, limit)
	if err != nil {
		return pushError(L, fmt.Errorf("text at %#x: %w", uint64(a), err))
	}
	return pushString(L, text)
}

func cpuText(s *State, L *glua.LState) int {
	text, ok := event.Text(s.checkCPU(L), s.argAddr(L, 2))
	if !ok {
		L.Push(glua.LNil)
		return 1
	}
	return pushString(L, text)
}

// memRows are u8 to u64 and i8 to i64.
func memRows() []Row {
	var rs []Row
	for _, bits := range []int{8, 16, 32, 64} {
		for _, signed := range []bool{false, true} {
			name, what := fmt.Sprintf("u%d", bits), "an unsigned"
			if signed {
				name, what = fmt.Sprintf("i%d", bits), "a signed"
			}
			rs = append(rs, Row{
				name, "addr[, value]", "integer or nil, message",
				fmt.Sprintf("Reads %s number of %d bits in guest memory, or writes it.", what, bits),
				memAccess(bits/8, signed),
			})
		}
	}
	return rs
}

func memAccess(size int, signed bool) func(*State, *glua.LState) int {
	return func(s *State, L *glua.LState) int {
		c := s.checkCPU(L)
		a := s.argAddr(L, 2)
		var b [8]byte
		if L.Get(3) != glua.LNil {
			binary.LittleEndian.PutUint64(b[:], argInt(L, 3))
			return s.writeMemory(L, c, a, string(b[:size]))
		}
		if err := c.Read(a, b[:size]); err != nil {
			return pushError(L, err)
		}
		v := binary.LittleEndian.Uint64(b[:])
		if signed {
			n := 64 - 8*size
			L.Push(Signed(int64(v<<n) >> n))
			return 1
		}
		L.Push(s.box(v))
		return 1
	}
}

// memFloatRows are f32 and f64.
func memFloatRows() []Row {
	var rs []Row
	for _, bits := range []int{32, 64} {
		rs = append(rs, Row{
			fmt.Sprintf("f%d", bits), "addr[, value]", "number or nil, message",
			fmt.Sprintf("Reads a floating-point number of %d bits in guest memory, or writes it.", bits), floatAccess(bits),
		})
	}
	return rs
}

func floatAccess(bits int) func(*State, *glua.LState) int {
	return func(s *State, L *glua.LState) int {
		c := s.checkCPU(L)
		a := s.argAddr(L, 2)
		var b [8]byte
		if L.Get(3) != glua.LNil {
			f := argFloat(L, 3)
			binary.LittleEndian.PutUint64(b[:], math.Float64bits(f))
			if bits == 32 {
				binary.LittleEndian.PutUint32(b[:], math.Float32bits(float32(f)))
			}
			return s.writeMemory(L, c, a, string(b[:bits/8]))
		}
		if err := c.Read(a, b[:bits/8]); err != nil {
			return pushError(L, err)
		}
		f := math.Float64frombits(binary.LittleEndian.Uint64(b[:]))
		if bits == 32 {
			f = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[:])))
		}
		L.Push(glua.LNumber(f))
		return 1
	}
}
