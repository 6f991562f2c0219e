package host

import "encoding/binary"

// Vendor is the maker of this CPU by the name that CPUID has for it (SDM vol. 2A,
// CPUID, leaf 0); "" on other hosts.
func Vendor() string {
	_, b, c, d := cpuid(0, 0)
	le := binary.LittleEndian
	return string(le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, b), d), c))
}
