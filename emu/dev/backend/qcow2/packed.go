package qcow2

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// inflater decompresses a cluster: the beginning of what in unpacks to fills out. What follows
// it in the last sector is of others.
type inflater func(out []byte, in io.Reader) error

// inflaters make them, by the header's compression_type.
var inflaters = []func() (inflater, error){newDeflate, newZstd}

func newDeflate() (inflater, error) {
	r := flate.NewReader(nil)
	return func(out []byte, in io.Reader) error {
		if err := r.(flate.Resetter).Reset(in, nil); err != nil {
			return err
		}
		_, err := io.ReadFull(r, out)
		return err
	}, nil
}

// mostWindow is how much memory a zstd frame may ask for.
const mostWindow = 64 << 20

func newZstd() (inflater, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(mostWindow))
	if err != nil {
		return nil, err
	}
	return func(out []byte, in io.Reader) error {
		if err := r.Reset(in); err != nil {
			return err
		}
		_, err := io.ReadFull(r, out)
		return err
	}, nil
}

// inflate is the content of a compressed cluster. It is valid until the next call. The last
// one is kept, as guests read in smaller pieces than clusters.
func (q *Image) inflate(e uint64) ([]byte, error) {
	if e == q.inflatedAt {
		return q.inflated, nil
	}
	at, n := q.packedAt(e)
	in := make([]byte, n)
	if err := q.readHost(in, at, at&^(q.cluster-1)); err != nil {
		return nil, err
	}
	if q.inflater == nil {
		var err error
		if q.inflater, err = inflaters[q.h.compression](); err != nil {
			return nil, err
		}
		q.inflated = make([]byte, q.cluster)
	}
	q.inflatedAt = 0
	if err := q.inflater(q.inflated, bytes.NewReader(in)); err != nil {
		return nil, fmt.Errorf("the qcow2 image %s is corrupt: the compressed cluster at %#x: %w", q.name, at, err)
	}
	q.inflatedAt = e
	return q.inflated, nil
}
