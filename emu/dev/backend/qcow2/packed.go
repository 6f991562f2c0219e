package qcow2

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// inflaters decompress one cluster each, by the header's compression_type: the beginning of
// what in unpacks to fills out, and what follows it in the last sector is of others.
var inflaters = []func(out []byte, in io.Reader) error{inflateDeflate, inflateZstd}

func inflateDeflate(out []byte, in io.Reader) error {
	r := flate.NewReader(in)
	defer r.Close()
	_, err := io.ReadFull(r, out)
	return err
}

func inflateZstd(out []byte, in io.Reader) error {
	r, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.ReadFull(r, out)
	return err
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
	if q.inflated == nil {
		q.inflated = make([]byte, q.cluster)
	}
	q.inflatedAt = 0
	if err := inflaters[q.h.compression](q.inflated, bytes.NewReader(in)); err != nil {
		return nil, fmt.Errorf("the qcow2 image %s is corrupt: the compressed cluster at %#x: %w", q.name, at, err)
	}
	q.inflatedAt = e
	return q.inflated, nil
}
