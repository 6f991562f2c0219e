package lua

import (
	"strings"
	"testing"
	"time"
)

// bombs are scripts that take long, much or deep within one call into Go, and
// what ends them; on a slow machine the deadline does.
var bombs = []struct{ name, src, want string }{
	{"find", `string.find(("a"):rep(28) .. "b", ("a?"):rep(28) .. ("a"):rep(28) .. "c")`, "deadline"},
	{"lazy", `string.find(("a"):rep(30000), ".-.-.-.-.-b")`, "deadline"},
	{"match", `string.match(("a"):rep(30000), "(.-)(.-)(.-)b")`, "deadline"},
	{"gmatch", `for x in string.gmatch(("a"):rep(30000), ".-.-.-.-b") do end`, "deadline"},
	{"gsub", `string.gsub(("a"):rep(30000), ".-.-.-.-b", "")`, "deadline"},
	{"balanced", `string.find(("("):rep(1e6), "%b()")`, "deadline"},
	{"sets", `string.find(("b"):rep(1e6), "[" .. ("a"):rep(1e6) .. "]")`, "deadline"},
	{"split", `string.split(("a"):rep(30000), ".-.-.-.-b")`, "deadline"},
	{"many captures", `string.find("a", ("()"):rep(100))`, "too many captures"},
	{"long pattern", `string.find(("a"):rep(1e6), ("a*"):rep(1e6))`, "pattern too complex"},
	{"gsub growth", `local s = ("x"):rep(1e6) return #s:gsub(".", ("y"):rep(1e6))`, "memory|too large"},
	{"gsub template", `local s = ("x"):rep(1e6) return #s:gsub(".*", ("%0"):rep(1e6))`, "memory|too large"},
	{"rep", `return #("x"):rep(2^40)`, "too large"},
	{"rep in memory", `return #("x"):rep(2^27)`, "memory"},
	{"concat of a table", `local s = ("x"):rep(2^24) local t = {} for i = 1, 60 do t[i] = s end return #table.concat(t)`, "memory|too large"},
	{"concat operator", `local s = ("x"):rep(2^24) return #(s .. s .. s .. s .. s .. s .. s .. s)`, "memory"},
	{"format", `local s = ("x"):rep(2^24) return #string.format(("%s"):rep(20), s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s)`, "memory"},
	{"format q", `local s = ("\n"):rep(2^25) return #string.format("%q", s)`, "memory|deadline"},
	{"date", `return #os.date(("%c"):rep(2e6))`, "format too long"},
	{"print", `local s = ("x"):rep(2^24) print(s, s, s, s, s, s, s, s)`, "memory"},
	{"pack", `local s = ("x"):rep(2^24) return #string.pack("zzzzzzzz", s, s, s, s, s, s, s, s)`, "memory"},
	{"pack X", `return string.pack(("X"):rep(1e7))`, "invalid next option"},
	{"unpack", `return unpack({}, 1, 1e9)`, "too many results"},
	{"byte", `return string.byte(("x"):rep(1e7), 1, -1)`, "too many results"},
	{"hexdump", `return #hexdump(("x"):rep(2^25))`, "memory"},
	{"sort", `local t = {} for i = 1, 3e5 do t[i] = -i end table.sort(t, rawequal)
		for i = 1, 1e9 do table.sort(t, rawequal) end`, "deadline"},
	{"json of shared tables", `local t = {} for i = 1, 60 do t = { t, t } end return #json.encode(t)`, "deadline|memory|too large"},
	{"json indent", `local t = {} for i = 1, 900 do t = { t } end return #json.encode(t, ("x"):rep(1e6))`, "memory|too large|deadline"},
	{"json deep text", `local v, err = json.decode(("["):rep(1e6)) error(err)`, "nested too deeply"},
	{"coroutines in coroutines", `local function f() return coroutine.wrap(f)() end f()`, "stack overflow"},
	{"a coroutine in itself", `local co co = coroutine.wrap(function() return coroutine.wrap(function() return co() end)() end) co()`, "non-suspended"},
	{"protected calls", `local function f() local ok, err = pcall(f) error(err, 0) end f()`, "stack overflow"},
	{"metamethods", `local t t = setmetatable({}, { __index = function(_, k) return t[k + 1] end }) return t[1]`, "overflow"},
	{"endless loop in a coroutine", `coroutine.wrap(function() while true do end end)()`, "deadline"},
	{"load of much", `local f, err = load("x = " .. ("not "):rep(1e6) .. "1") error(err)`, "too large"},
	{"load of deep text", `local f, err = load("x = " .. ("not "):rep(1e5) .. "1") error(err)`, "too many syntax levels"},
	{"load of many constants", `local t = {} for i = 1, 40000 do t[i] = i end local f, err = load("return {" .. table.concat(t, ",") .. "}") error(err)`, "too many constants"},
	{"load of pieces", `local s = ("x"):rep(2^20) load(function() return s end)`, "memory|too large|deadline"},
	{"load of a large tree", `local s = ("do "):rep(3e5) local f, err for i = 1, 1e9 do f, err = load(s) end error(err)`, "memory|deadline"},
	{"caught again and again", `while true do pcall(string.rep, "x", 2^20) end`, "deadline"},
}

func TestBombs(t *testing.T) {
	for _, b := range bombs {
		t.Run(b.name, func(t *testing.T) {
			f := newFake(t).options(Options{Untrusted: true, Deadline: 100 * time.Millisecond, Memory: 64 << 20})
			_, err := f.load("bomb", b.src)
			if err == nil {
				t.Fatal("it came to its end")
			}
			for w := range strings.SplitSeq(b.want+"|deadline", "|") {
				if strings.Contains(err.Error(), w) {
					return
				}
			}
			t.Errorf("%.300v\nwant %s", err, b.want)
		})
	}
}

// dives recurse through Go: without limits too they end before Go's stack does.
var dives = map[string]string{
	"metamethods in protected calls": `local function nest(k)
		local t t = setmetatable({}, { __index = function(_, i) if i < 3000 then return t[i + 1] end local ok, err = pcall(nest, k + 1) error(err, 0) end })
		return t[1] end nest(0)`,
	"metamethods in coroutines": `local function nest(k)
		local t t = setmetatable({}, { __index = function(_, i) if i < 3000 then return t[i + 1] end return coroutine.wrap(nest)(k + 1) end })
		return t[1] end nest(0)`,
	"coroutines and protected calls": `local function f() local ok, err = pcall(coroutine.wrap(f)) error(err, 0) end f()`,
	"json":                           `local t = {} for i = 1, 1e5 do t = { t } end return json.encode(t)`,
	"sort":                           `local function f() table.sort({ 1, 2 }, f) end f()`,
	"gsub":                           `local function f() string.gsub("a", "a", f) end f()`,
	"tostring":                       `local t t = setmetatable({}, { __tostring = function() return tostring(t) end }) print(t)`,
	"load":                           `local function f() load(f) end f()`,
}

func TestDives(t *testing.T) {
	for name, src := range dives {
		if _, err := newFake(t).load("dive", src); err == nil || !strings.Contains(err.Error(), "overflow") && !strings.Contains(err.Error(), "nested too deeply") {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

// deep are texts whose tree is deep in every way that the syntax has.
var deep = map[string]string{
	"not":          "x = " + strings.Repeat("not ", 2e4) + "1",
	"minus":        "x = " + strings.Repeat("- ", 2e4) + "y",
	"parentheses":  "x = " + strings.Repeat("(", 2e4) + "y" + strings.Repeat(")", 2e4),
	"tables":       "x = " + strings.Repeat("{", 2e4) + strings.Repeat("}", 2e4),
	"fields":       "x = y" + strings.Repeat(".y", 2e4),
	"calls":        "x = y" + strings.Repeat("()", 2e4),
	"sums":         "x = y" + strings.Repeat("+y", 2e4),
	"powers":       "x = y" + strings.Repeat("^y", 2e4),
	"texts":        "x = y" + strings.Repeat("..y", 2e4),
	"conditions":   "x = y" + strings.Repeat(" and y", 2e4),
	"functions":    strings.Repeat("x = function() ", 2e4) + strings.Repeat(" end", 2e4),
	"blocks":       strings.Repeat("do ", 2e4) + strings.Repeat(" end", 2e4),
	"loops":        strings.Repeat("while x do ", 2e4) + strings.Repeat(" end", 2e4),
	"alternatives": "if x then " + strings.Repeat("elseif x then ", 2e4) + "end",
	"methods":      "x = y" + strings.Repeat(":y()", 2e4),
}

// TestDeepText: without limits too, deep text is an error wherever it becomes code.
func TestDeepText(t *testing.T) {
	for name, src := range deep {
		_, err := newFake(t).load("deep", src)
		if name == "parentheses" && err == nil {
			continue // the parser leaves them out
		}
		if err == nil || !strings.Contains(err.Error(), "too many syntax levels") {
			t.Errorf("%s: %.200v", name, err)
		}
		s := NewState(Options{Out: new(strings.Builder)})
		if _, err := s.Eval(src); name != "parentheses" && err == nil {
			t.Errorf("%s at the prompt: no error", name)
		}
	}
}

// TestLeftChains: what real programs have many of in a row is no depth to speak of.
func TestLeftChains(t *testing.T) {
	f := newFake(t)
	f.must("x = 0" + strings.Repeat(" + 1", 500) + "\nassert(x == 500)\ns = 'a'" + strings.Repeat(".. 'a'", 150) + "\nassert(#s == 151)")
}
