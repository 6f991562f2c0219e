// Package vga is a VGA with the linear modes of Bochs' display interface, as the standard
// display adapter of a PC has it (PCI 1234:1111): the ports, the window at A0000h, the
// picture. Sources: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem" (VGA);
// the FreeVGA pages where that is silent; for the display interface Bochs' VBE_DISPI text;
// for the layout of the register BAR the specification of the standard VGA.
//
// Nothing happens while a picture is shown: what the beam is at follows from the Clock, and a
// Frame is drawn from the registers and the memory when somebody looks.
//
// # Memory
//
// Cell n of the four planes is the bytes 4n to 4n+3 of the memory. The address counter counts
// cells, whatever the addressing mode is: text has its characters and attributes in the first
// two bytes of a cell, its fonts in the third; with chain 4 the window is the memory as it
// is. On the real chip chained accesses leave holes in the planes that addressing by words
// and double words skips; here both do without. Who chains and shows by bytes, or the other
// way round, sees a picture that is squeezed or stretched.
//
// While the window is mapped as plain memory (Linear), loads from it fill no latches.
package vga
