// Package hostfp runs single floating-point instructions on the host CPU
// under a chosen MXCSR or x87 control word and returns the result together
// with the flags, so that the tests of softfloat can compare bit for bit.
//
// Called by tests only. It knows nothing of softfloat; on hosts other than
// amd64 it is empty.
package hostfp
