package lua

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// allowed are the names that an untrusted script has, by table. A name that is
// not here it does not have, however it is asked for: what is new has to be judged
// first. None of them reaches files, processes, the environment, other plugins or
// the insides of this one.
var allowed = map[string]string{
	"": `_G _VERSION assert bit coroutine error hex hexdump int io ipairs json load loadstring math next os pairs panda pcall
		print rawequal rawget rawset require select setmetatable getmetatable string table tonumber tostring type u64 unpack xpcall`,
	"bit":       `arshift band bnot bor bswap btest bxor extract lshift popcount replace rol ror rshift tobit tohex`,
	"coroutine": `create resume running status wrap yield`,
	"io":        `write`,
	"json":      `decode encode`,
	"math": `abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge idiv ldexp log log10 max min mod modf pi pow
		rad random randomseed sin sinh sqrt tan tanh tointeger type`,
	"os": `clock date difftime time`,
	"panda": `arg at avg batch breakpoint call color continue count cpu detach distinct do_flush_tb doctor event every exit export
		free_args get_args hist hook keep last lhist listen maps max min modules on physical_memory_rw program rate record register_callback
		replay search search_bytes step stop sum switches symbol symbols syscall threads top virtual_memory_rw watchpoint
		enable_memcb disable_memcb enable_tb_chaining disable_tb_chaining enable_precise_pc disable_precise_pc
		enable_llvm disable_llvm enable_llvm_helpers disable_llvm_helpers memsavep`,
	// As the metatable of texts it has metamethods too.
	"string": `__add __div __index __mod __mul __pow __sub __unm byte char find format gfind gmatch gsub len lower match pack packsize rep reverse split sub trim unpack upper`,
	"table":  `concat getn insert keys maxn pack remove sort unpack`,
}

// allowedMethods are the methods of objects that an untrusted script has, by module; what
// is not here its objects lack.
var allowedMethods = map[string]string{
	"cpu:":    `read write str text arg ret disas symbol module home backtrace regs reg u8 i8 u16 i16 u32 i32 u64 i64 f32 f64`,
	"handle:": `enable disable remove`,
	"counts:": `get clear pairs keys total text print stop`,
	"batch:":  `get each lines`,
	"plugin:": `disable enable lookup`,
	"event:":  `fire heard`,
}

// refusedMethods are those of which it was decided that it lacks them.
var refusedMethods = map[string]string{}

// rows are the rows of a module that the script has as methods. Of a table of
// functions restrict takes away what is not allowed.
func (s *State) rows(m Module) []Row {
	if !s.opts.Untrusted || !strings.HasSuffix(m.Name, ":") {
		return m.Rows
	}
	allowed := strings.Fields(allowedMethods[m.Name])
	return slices.DeleteFunc(slices.Clone(m.Rows), func(r Row) bool { return !slices.Contains(allowed, r.Name) })
}

// restrict leaves an untrusted script what is allowed. require finds the embedded
// modules and the libraries above, and nothing else that was ever loaded.
func (s *State) restrict() {
	registry := s.L.Get(glua.RegistryIndex).(*glua.LTable)
	loaded := registry.RawGetString("_LOADED").(*glua.LTable)
	loaders := registry.RawGetString("_LOADERS").(*glua.LTable)
	embedded := loaders.RawGetInt(embeddedLoader)
	s.taken = map[string]bool{}
	for _, name := range []string{"package", "debug"} {
		s.take(name, s.L.GetGlobal(name).(*glua.LTable), nil)
	}
	clearTable(loaders, nil)
	loaders.RawSetInt(1, embedded)
	global := s.L.G.Global
	for name, words := range allowed {
		t := global
		if name != "" {
			t = global.RawGetString(name).(*glua.LTable)
		}
		s.take(name, t, strings.Fields(words))
	}
	clearTable(loaded, append(strings.Fields(allowed[""]), "_G"))
	// Files are closed to it: none can be opened, and those of the emulator are not
	// given out.
	if files, ok := s.L.GetTypeMetatable("FILE*").(*glua.LTable); ok {
		clearTable(files, nil)
	}
}

// take removes what keep does not name from the table of a library, or from that of
// the globals, and remembers the names.
func (s *State) take(library string, t *glua.LTable, keep []string) {
	for _, k := range clearTable(t, keep) {
		name := k.String()
		if library != "" {
			name = library + "." + name
		}
		s.taken[name] = true
	}
}

var (
	usedAsValue = regexp.MustCompile(`^(.*):(\d+): attempt to (?:call|index) a non-`)
	dotted      = regexp.MustCompile(`[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*`)
)

// explainTaken says of an error that comes of calling nil which name of its line was
// taken away. The name itself is nil, which scripts may ask for.
func (s *State) explainTaken(msg string) string {
	at := usedAsValue.FindStringSubmatch(msg)
	if at == nil || at[1] != s.name {
		return msg
	}
	lines := strings.Split(s.source, "\n")
	n, err := strconv.Atoi(at[2])
	if err != nil || n < 1 || n > len(lines) {
		return msg
	}
	for _, name := range dotted.FindAllString(lines[n-1], -1) {
		name = strings.Join(strings.Fields(strings.ReplaceAll(name, ".", " ")), ".")
		library, _, _ := strings.Cut(name, ".")
		switch {
		case s.taken[name]:
			return msg + "; " + name + " is not for an untrusted script"
		case s.taken[library]:
			return msg + "; " + library + " is not for an untrusted script"
		}
	}
	return msg
}

// clearTable removes what keep does not name, and gives the keys that are gone.
func clearTable(t *glua.LTable, keep []string) (gone []glua.LValue) {
	t.ForEach(func(k, _ glua.LValue) {
		if !slices.Contains(keep, k.String()) {
			gone = append(gone, k)
		}
	})
	for _, k := range gone {
		t.RawSet(k, glua.LNil)
	}
	return gone
}
