package abi

// Winsize is struct winsize.
type Winsize struct{ Row, Col, Xpixel, Ypixel uint16 }

func (v *Winsize) shape(c *codec) {
	for _, p := range []*uint16{&v.Row, &v.Col, &v.Xpixel, &v.Ypixel} {
		u16(c, p)
	}
}

// Termios is the kernel's struct termios (TCGETS).
type Termios struct {
	Iflag, Oflag, Cflag, Lflag uint32
	Line                       uint8
	Cc                         [NCCS]byte
}

func (v *Termios) shape(c *codec) {
	u32s(c, &v.Iflag, &v.Oflag, &v.Cflag, &v.Lflag)
	u8(c, &v.Line)
	c.raw(v.Cc[:])
}

// Termios2 is struct termios2 (TCGETS2).
type Termios2 struct {
	Termios
	Ispeed, Ospeed uint32
}

func (v *Termios2) shape(c *codec) {
	v.Termios.shape(c)
	u32s(c, &v.Ispeed, &v.Ospeed)
}
