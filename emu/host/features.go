package host

// Features are the instructions beyond the amd64 baseline (SSE2) that machine
// code may use. One that needs the OS to save more state is only reported if it
// does. On other hosts all are false.
type Features struct {
	SSE3, SSSE3, SSE41, SSE42 bool
	AVX, AVX2, FMA, F16C      bool
	BMI1, BMI2, LZCNT, POPCNT bool
	MOVBE                     bool
	AES, PCLMULQDQ, SHA       bool
}
