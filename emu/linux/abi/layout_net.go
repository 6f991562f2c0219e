package abi

// Iovec is struct iovec.
type Iovec struct{ Base, Len uint64 }

func (v *Iovec) shape(c *codec) { words(c, &v.Base, &v.Len) }

// Msghdr is struct user_msghdr.
type Msghdr struct {
	Name       uint64
	Namelen    int32
	Iov        uint64
	Iovlen     uint64
	Control    uint64
	Controllen uint64
	Flags      uint32
}

func (v *Msghdr) shape(c *codec) {
	word(c, &v.Name)
	u32(c, &v.Namelen)
	words(c, &v.Iov, &v.Iovlen, &v.Control, &v.Controllen)
	u32(c, &v.Flags)
}

// Mmsghdr is struct mmsghdr.
type Mmsghdr struct {
	Msghdr
	Len uint32
}

func (v *Mmsghdr) shape(c *codec) {
	v.Msghdr.shape(c)
	c.alignTo(c.Word)
	u32(c, &v.Len)
}

// Cmsghdr is struct cmsghdr. Data follows; the next one starts at CmsgAlign(Len).
type Cmsghdr struct {
	Len         uint64
	Level, Type int32
}

func (v *Cmsghdr) shape(c *codec) {
	word(c, &v.Len)
	u32s(c, &v.Level, &v.Type)
}

// CmsgAlign rounds the length of a control message up to the start of the next.
func (l *Layout) CmsgAlign(n uint64) uint64 {
	w := uint64(l.Word)
	return (n + w - 1) &^ (w - 1)
}

// PollFD is struct pollfd.
type PollFD struct {
	FD              int32
	Events, Revents uint16
}

func (v *PollFD) shape(c *codec) {
	u32(c, &v.FD)
	u16(c, &v.Events)
	u16(c, &v.Revents)
}

// EpollEvent is struct epoll_event.
type EpollEvent struct {
	Events uint32
	Data   uint64
}

func (v *EpollEvent) shape(c *codec) {
	if u32(c, &v.Events); !c.EpollPacked {
		u64(c, &v.Data)
		return
	}
	data, high := uint32(v.Data), uint32(v.Data>>32)
	u32s(c, &data, &high)
	v.Data = uint64(high)<<32 | uint64(data)
}

// Linger is struct linger.
type Linger struct{ Onoff, Linger int32 }

func (v *Linger) shape(c *codec) { u32s(c, &v.Onoff, &v.Linger) }

// Ucred is struct ucred.
type Ucred struct {
	PID      int32
	UID, GID uint32
}

func (v *Ucred) shape(c *codec) {
	u32(c, &v.PID)
	u32s(c, &v.UID, &v.GID)
}

// SockaddrIn is struct sockaddr_in, port in host order.
type SockaddrIn struct {
	Port uint16
	Addr [4]byte
}

func (v *SockaddrIn) shape(c *codec) {
	family := uint16(AF_INET)
	u16(c, &family)
	shapePort(c, &v.Port)
	c.raw(v.Addr[:])
	c.pad(8)
}

// SockaddrIn6 is struct sockaddr_in6, port and flow in host order.
type SockaddrIn6 struct {
	Port     uint16
	Flowinfo uint32
	Addr     [16]byte
	ScopeID  uint32
}

func (v *SockaddrIn6) shape(c *codec) {
	family := uint16(AF_INET6)
	u16(c, &family)
	shapePort(c, &v.Port)
	flow := []byte{byte(v.Flowinfo >> 24), byte(v.Flowinfo >> 16), byte(v.Flowinfo >> 8), byte(v.Flowinfo)}
	c.raw(flow)
	v.Flowinfo = uint32(flow[0])<<24 | uint32(flow[1])<<16 | uint32(flow[2])<<8 | uint32(flow[3])
	c.raw(v.Addr[:])
	u32(c, &v.ScopeID)
}

func shapePort(c *codec, p *uint16) {
	b := []byte{byte(*p >> 8), byte(*p)}
	c.raw(b)
	*p = uint16(b[0])<<8 | uint16(b[1])
}

// SockaddrNl is struct sockaddr_nl.
type SockaddrNl struct{ PID, Groups uint32 }

func (v *SockaddrNl) shape(c *codec) {
	family := uint16(AF_NETLINK)
	u16(c, &family)
	c.pad(2)
	u32s(c, &v.PID, &v.Groups)
}
