package dec

import "testing"

// BenchmarkDecode walks the .text of bash; one op is one instruction.
func BenchmarkDecode(b *testing.B) {
	_, code := textSection(b, "/bin/bash")
	var in Inst
	b.ReportAllocs()
	pos := 0
	for b.Loop() {
		if pos >= len(code) {
			pos = 0
		}
		if Decode(&in, code[pos:], Mode64) != nil {
			pos++
			continue
		}
		pos += int(in.Len)
	}
}

// BenchmarkText prints what BenchmarkDecode decodes.
func BenchmarkText(b *testing.B) {
	_, code := textSection(b, "/bin/bash")
	var in Inst
	b.ReportAllocs()
	pos := 0
	for b.Loop() {
		if pos >= len(code) {
			pos = 0
		}
		if Decode(&in, code[pos:], Mode64) != nil {
			pos++
			continue
		}
		Text(&in, uint64(pos), nil)
		pos += int(in.Len)
	}
}

// BenchmarkBuild is what the first Decode costs on top.
func BenchmarkBuild(b *testing.B) {
	Rows()
	for b.Loop() {
		slots = [numMaps][256]slot{}
		build()
	}
}
