package vga

import (
	"fmt"
	"image"
	"image/png"
	"io"
)

// Frame is a picture: rows of pixels, each of which is red, green, blue, and ff.
type Frame struct {
	Width, Height int
	Pix           []byte
}

// Frame draws what is shown. Pixels and lines that a mode shows twice are there once.
func (v *VGA) Frame() *Frame {
	f := &Frame{}
	v.Draw(f)
	return f
}

// Draw draws into a frame, whose memory is used again if it is large enough.
func (v *VGA) Draw(f *Frame) {
	if v.dispi.on() {
		p := v.dispi.picture(len(v.vram))
		f.size(p.width, p.height)
		if !v.blanked() {
			v.drawPicture(f, p)
		}
		return
	}
	s := v.screen()
	width, height := s.columns*s.dots, (s.lines+s.repeat-1)/s.repeat
	switch {
	case !v.blanked():
		f.size(width, height)
		v.drawScreen(f, s)
	case width < leastSize || height < leastSize: // no mode has been set
		f.size(int(standard.hShown), int(standard.vShown))
	default:
		f.size(width, height)
	}
}

const leastSize = 64 // of a mode that anybody sets

// size makes room, of black pixels.
func (f *Frame) size(width, height int) {
	n := 4 * width * height
	if cap(f.Pix) < n {
		f.Pix = make([]byte, n)
	}
	f.Width, f.Height, f.Pix = width, height, f.Pix[:n]
	for i := 0; i < n; i += 4 {
		*(*[4]byte)(f.Pix[i:]) = [4]byte{3: 0xff}
	}
}

// line is a row of pixels.
func (f *Frame) line(y int) []byte { return f.Pix[4*f.Width*y : 4*f.Width*(y+1)] }

// At is a pixel, as 0xRRGGBB.
func (f *Frame) At(x, y int) uint32 {
	p := f.line(y)[4*x:]
	return uint32(p[0])<<16 | uint32(p[1])<<8 | uint32(p[2])
}

// Image is the frame for packages that take one. It has the same memory.
func (f *Frame) Image() *image.RGBA {
	return &image.RGBA{Pix: f.Pix, Stride: 4 * f.Width, Rect: image.Rect(0, 0, f.Width, f.Height)}
}

// PNG writes the frame.
func (f *Frame) PNG(w io.Writer) error { return png.Encode(w, f.Image()) }

// PPM writes the frame as a portable pixmap.
func (f *Frame) PPM(w io.Writer) error {
	b := fmt.Appendf(nil, "P6\n%d %d\n255\n", f.Width, f.Height)
	for i := 0; i < len(f.Pix); i += 4 {
		b = append(b, f.Pix[i:i+3]...)
	}
	_, err := w.Write(b)
	return err
}
