package hostfp

func cpuid(leaf, sub uint32) (a, b, c, d uint32)

// ReadMXCSR returns the control and status register of the calling thread.
func ReadMXCSR() uint32

// WriteMXCSR sets it; tests use it to recover after an unmasked exception.
func WriteMXCSR(v uint32)

// HasFMA tells whether the host has VFMADD.
func HasFMA() bool { _, _, c, _ := cpuid(1, 0); return c>>12&1 != 0 }

// HasF16C tells whether the host has VCVTPH2PS.
func HasF16C() bool { _, _, c, _ := cpuid(1, 0); return c>>29&1 != 0 }

// HasAVX512F tells whether the host has the unsigned conversions.
func HasAVX512F() bool { _, b, _, _ := cpuid(7, 0); return b>>16&1 != 0 }
