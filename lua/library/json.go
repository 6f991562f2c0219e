package library

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
	"panda/lua/val"
	"panda/lua/work"
)

// JSON is the module json.
var JSON = Module{
	Name: "json",
	Doc:  "JSON with exact integers of 64 bits. Also what `require \"json\"` gives.",
	Rows: []Row{
		{"encode", "value[, indent]", "string", "A table with the keys 1 to #t is an array, any other an object with its keys sorted; an empty table is an object. Bytes that are no UTF-8 are replaced.", jsonEncode},
		{"decode", "text", "value or nil, message", "Null becomes nil, an integer stays exact.", jsonDecode},
	},
}

func jsonEncode(s *Env, L *glua.LState) int {
	e := &encoder{Ticker: s.ticker(L), indent: L.OptString(2, ""), seen: map[*glua.LTable]bool{}}
	e.value(L.CheckAny(1), "\n")
	return val.PushString(L, e.out.String())
}

type encoder struct {
	work.Ticker
	out    strings.Builder
	indent string
	seen   map[*glua.LTable]bool // tables that we are inside of
}

func (e *encoder) value(v glua.LValue, nl string) {
	e.Step(1)
	switch v := v.(type) {
	case num.U64:
		e.out.WriteString(strconv.FormatUint(uint64(v), 10))
	case glua.LNumber:
		f := float64(v)
		if math.IsInf(f, 0) || f != f {
			e.L.RaiseError("json: %v is no JSON number", f)
		}
		if num.IsWhole(v) {
			e.out.WriteString(strconv.FormatInt(int64(v), 10))
			return
		}
		e.out.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
	case glua.LString:
		e.string(string(v))
	case *glua.LNilType:
		e.out.WriteString("null")
	case glua.LBool:
		e.out.WriteString(v.String())
	case *glua.LTable:
		e.table(v, nl)
	default:
		e.L.RaiseError("json: cannot encode a %s value", v.Type())
	}
}

// room makes sure that n more bytes may be written.
func (e *encoder) room(n int) {
	if e.out.Len()+n > e.out.Cap() {
		e.Ticker.Room(e.out.Len() + n)
	}
}

func (e *encoder) string(s string) {
	e.Step(len(s) / 8)
	e.room(3 * len(s)) // of the encoder's buffers
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.Encode(s) // a string always encodes
	e.out.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

func (e *encoder) table(t *glua.LTable, nl string) {
	if len(e.seen) >= maxJSONDepth {
		e.L.RaiseError("json: nested too deeply")
	}
	if e.seen[t] {
		e.L.RaiseError("json: a table contains itself")
	}
	e.seen[t] = true
	defer delete(e.seen, t)
	var keys []glua.LValue
	t.ForEach(func(k, _ glua.LValue) {
		e.Step(1)
		keys = append(keys, k)
	})
	if len(keys) > 0 && len(keys) == t.Len() {
		e.list('[', ']', len(keys), nl, func(i int, nl string) { e.value(t.RawGetInt(i+1), nl) })
		return
	}
	sort.SliceStable(keys, func(i, j int) bool {
		e.Step(1)
		return val.KeyLess(keys[i], keys[j])
	})
	e.list('{', '}', len(keys), nl, func(i int, nl string) {
		if !glua.LVCanConvToString(keys[i]) && !num.Is(keys[i]) {
			e.L.RaiseError("json: a %s value cannot be a key", keys[i].Type())
		}
		e.string(keys[i].String())
		e.out.WriteByte(':')
		if e.indent != "" {
			e.out.WriteByte(' ')
		}
		e.value(t.RawGet(keys[i]), nl)
	})
}

func (e *encoder) list(open, end byte, n int, nl string, item func(i int, nl string)) {
	e.out.WriteByte(open)
	e.room(len(nl) + len(e.indent))
	inner := nl + e.indent
	for i := range n {
		if e.indent != "" {
			e.Step(len(inner) / 8)
			e.room(len(inner))
		}
		if i > 0 {
			e.out.WriteByte(',')
		}
		if e.indent != "" {
			e.out.WriteString(inner)
		}
		item(i, inner)
	}
	if e.indent != "" && n > 0 {
		e.out.WriteString(nl)
	}
	e.out.WriteByte(end)
}

func jsonDecode(s *Env, L *glua.LState) int {
	d := json.NewDecoder(strings.NewReader(L.CheckString(1)))
	d.UseNumber()
	ticks := s.ticker(L)
	v, err := decode(&ticks, d, 0)
	if err == nil && d.More() {
		err = fmt.Errorf("text after the value at byte %d", d.InputOffset()+1)
	}
	if err != nil {
		return val.PushError(L, fmt.Errorf("json: %w", err))
	}
	L.Push(v)
	return 1
}

const maxJSONDepth = 1000

// decode reads one value, the members of objects in their order.
func decode(t *work.Ticker, d *json.Decoder, depth int) (glua.LValue, error) {
	t.Step(1)
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxJSONDepth {
		return nil, errors.New("nested too deeply")
	}
	switch v := tok.(type) {
	case bool:
		return glua.LBool(v), nil
	case string:
		return glua.LString(v), nil
	case json.Number:
		n, _ := num.Parse(v.String())
		return n, nil
	case json.Delim:
		return decodeTable(t, d, v, depth)
	}
	return glua.LNil, nil
}

func decodeTable(ticks *work.Ticker, d *json.Decoder, open json.Delim, depth int) (glua.LValue, error) {
	t := ticks.L.NewTable()
	for n := 1; d.More(); n++ {
		key := glua.LValue(glua.LNumber(n))
		if open == '{' {
			tok, err := d.Token()
			if err != nil {
				return nil, err
			}
			key = glua.LString(tok.(string))
		}
		v, err := decode(ticks, d, depth+1)
		if err != nil {
			return nil, err
		}
		t.RawSet(key, v)
	}
	_, err := d.Token() // the closing bracket
	return t, err
}
