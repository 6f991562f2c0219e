//go:build !amd64

package host

// Vendor is the maker of this CPU by the name that CPUID has for it; "" on other
// hosts.
func Vendor() string { return "" }
