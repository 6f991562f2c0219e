package rr

import (
	"errors"
	"fmt"

	"panda/emu/linux/hostsys"
)

// fill gives the buffers of a call what was recorded.
func (p *Player) fill(c *hostsys.Call, rc *recordedCall) error {
	if len(rc.outs) == 0 {
		return nil
	}
	bs := outs(c)
	recorded := rc.outs
	if m := c.Msg; m != nil && len(recorded) >= 3 && recorded[len(recorded)-1].len() == 4 {
		var flags [4]byte
		last := recorded[len(recorded)-3:]
		recorded = recorded[:len(recorded)-3]
		m.Name, m.Control = m.Name[:min(len(m.Name), last[0].len())], m.Control[:min(len(m.Control), last[1].len())]
		for i, b := range [][]byte{m.Name, m.Control, flags[:]} {
			if err := p.copyOut(b, &last[i]); err != nil {
				return err
			}
		}
		m.Flags = int32(flags[0]) | int32(flags[1])<<8 | int32(flags[2])<<16 | int32(flags[3])<<24
	}
	for i := range recorded {
		var err error
		if bs, err = p.spread(bs, &recorded[i]); err != nil {
			return fmt.Errorf("%s: %w", describe(c), err)
		}
	}
	return nil
}

// spread fills as many of the first buffers as it takes, and returns what is left of
// them: they may be in other pieces than those that were filled.
func (p *Player) spread(bs [][]byte, o *outBuf) ([][]byte, error) {
	for len(bs) > 1 && len(bs[0]) == 0 {
		bs = bs[1:]
	}
	if len(bs) > 0 && o.len() <= len(bs[0]) {
		err := p.copyOut(bs[0], o)
		bs[0] = bs[0][min(o.len(), len(bs[0])):]
		return bs, err
	}
	if o.len() > total(bs) {
		return nil, fmt.Errorf("%w: %d bytes for buffers of %d", ErrCorrupt, o.len(), total(bs))
	}
	b := make([]byte, o.len())
	if err := p.copyOut(b, o); err != nil {
		return nil, err
	}
	for len(b) > 0 {
		n := min(len(b), len(bs[0]))
		if !copySafe(bs[0][:n], b[:n]) {
			return nil, errNotThere
		}
		if b, bs[0] = b[n:], bs[0][n:]; len(bs[0]) == 0 {
			bs = bs[1:]
		}
	}
	return bs, nil
}

var errNotThere = errors.New("memory that was filled is not there")

func (p *Player) copyOut(to []byte, o *outBuf) error {
	if o.len() > len(to) {
		return fmt.Errorf("%w: %d bytes for a buffer of %d", ErrCorrupt, o.len(), len(to))
	}
	for _, id := range o.pages {
		page, err := p.pages.get(id)
		if err != nil {
			return err
		}
		if !copySafe(to[:PageSize], page) {
			return errNotThere
		}
		to = to[PageSize:]
	}
	if !copySafe(to[:len(o.rest)], o.rest) {
		return errNotThere
	}
	return nil
}
