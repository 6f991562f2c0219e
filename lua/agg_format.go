package lua

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/lua/num"
)

// write prints the table in the format of the options: text for people, json
// for programs (an object in a line), tsv for spreadsheets.
func (a *aggregation) write(w io.Writer) {
	switch a.s.opts.Format {
	case "json":
		a.writeJSON(w)
	case "tsv":
		a.writeTSV(w)
	default:
		a.print(w)
	}
}

type jsonTable struct {
	Title string    `json:"title"`
	Op    string    `json:"op"`
	By    []string  `json:"by,omitempty"`
	Rows  []jsonRow `json:"rows"`
	// Others counts events of keys for which there was no memory.
	Others uint64 `json:"others,omitempty"`
}

type jsonRow struct {
	Key   []any  `json:"key,omitempty"`
	Value any    `json:"value"`
	Count uint64 `json:"count"`
}

func (a *aggregation) writeJSON(w io.Writer) {
	t := jsonTable{Title: a.title, Op: a.op.name, Rows: []jsonRow{}, Others: a.others.n}
	for _, f := range a.by {
		t.By = append(t.By, f.Name)
	}
	for _, r := range a.shown() {
		row := jsonRow{Value: a.jsonResult(r.cell), Count: r.cell.n}
		for i := range a.by {
			row.Key = append(row.Key, jsonValue(r.key[i]))
		}
		t.Rows = append(t.Rows, row)
	}
	b, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Sprintf("BUG: table %s: %v", a.title, err))
	}
	fmt.Fprintf(w, "%s\n", b)
}

// jsonValue keeps addresses readable: they are text in hexadecimal.
func jsonValue(v event.Value) any {
	switch v.Type {
	case event.SignedValue:
		return int64(v.Num)
	case event.UnsignedValue:
		return v.Num
	}
	return v.String()
}

func (a *aggregation) jsonResult(c *aggCell) any {
	if a.op.hist() {
		type bucket struct {
			Lo string `json:"lo,omitempty"`
			Hi string `json:"hi,omitempty"`
			N  uint64 `json:"n"`
		}
		bs := []bucket{}
		los, his, ns := a.buckets(c)
		for i := range ns {
			bs = append(bs, bucket{los[i], his[i], ns[i]})
		}
		return bs
	}
	switch v := a.op.get(nil, a, c).(type) {
	case glua.LNumber:
		if num.IsWhole(v) {
			return int64(v)
		}
		return float64(v)
	case num.U64:
		return uint64(v)
	case glua.LString:
		return string(v)
	}
	return nil
}

func (a *aggregation) writeTSV(w io.Writer) {
	var head []string
	for _, f := range a.by {
		head = append(head, f.Name)
	}
	if !a.op.hist() {
		fmt.Fprintln(w, strings.Join(append(head, a.op.name), "\t"))
		for _, r := range a.shown() {
			fmt.Fprintln(w, strings.Join(append(a.keyTexts(r.key), a.op.show(a, r.cell)), "\t"))
		}
		return
	}
	fmt.Fprintln(w, strings.Join(append(head, "lo", "hi", "n"), "\t"))
	for _, r := range a.shown() {
		los, his, ns := a.buckets(r.cell)
		for i := range ns {
			fmt.Fprintln(w, strings.Join(append(a.keyTexts(r.key), los[i], his[i], fmt.Sprint(ns[i])), "\t"))
		}
	}
}

// shown are the rows that a table shows: all, or the first of them.
func (a *aggregation) shown() []row {
	rs := a.sorted()
	if a.limit > 0 && len(rs) > a.limit {
		rs = rs[:a.limit]
	}
	return rs
}

func (a *aggregation) keyTexts(k aggKey) []string {
	var ts []string
	for i := range a.by {
		ts = append(ts, k[i].String())
	}
	return ts
}
