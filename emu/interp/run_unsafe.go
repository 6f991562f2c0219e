package interp

import "unsafe"

// next is the record after o.
func (o *op) next() *op { return (*op)(unsafe.Add(unsafe.Pointer(o), unsafe.Sizeof(*o))) }
