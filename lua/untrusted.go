package lua

import (
	"slices"
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
		free_args get_args hist hook keep last lhist listen maps max min modules on physical_memory_rw program rate register_callback
		search search_bytes step stop sum switches symbol symbols syscall threads top virtual_memory_rw watchpoint
		enable_memcb disable_memcb enable_tb_chaining disable_tb_chaining enable_precise_pc disable_precise_pc
		enable_llvm disable_llvm enable_llvm_helpers disable_llvm_helpers memsavep`,
	// As the metatable of texts it has metamethods too.
	"string": `__add __div __index __mod __mul __pow __sub __unm byte char find format gfind gmatch gsub len lower match pack packsize rep reverse split sub trim unpack upper`,
	"table":  `concat getn insert keys maxn pack remove sort unpack`,
}

// restrict leaves an untrusted script what is allowed. require finds the embedded
// modules and the libraries above, and nothing else that was ever loaded.
func (s *State) restrict() {
	registry := s.L.Get(glua.RegistryIndex).(*glua.LTable)
	loaded := registry.RawGetString("_LOADED").(*glua.LTable)
	loaders := registry.RawGetString("_LOADERS").(*glua.LTable)
	embedded := loaders.RawGetInt(embeddedLoader)
	for _, name := range []string{"package", "debug"} {
		clearTable(s.L.GetGlobal(name).(*glua.LTable), nil)
	}
	clearTable(loaders, nil)
	loaders.RawSetInt(1, embedded)
	global := s.L.G.Global
	for name, words := range allowed {
		t := global
		if name != "" {
			t = global.RawGetString(name).(*glua.LTable)
		}
		clearTable(t, strings.Fields(words))
	}
	clearTable(loaded, append(strings.Fields(allowed[""]), "_G"))
	// Files are closed to it: none can be opened, and those of the emulator are not
	// given out.
	if files, ok := s.L.GetTypeMetatable("FILE*").(*glua.LTable); ok {
		clearTable(files, nil)
	}
}

// clearTable removes what keep does not name.
func clearTable(t *glua.LTable, keep []string) {
	var gone []glua.LValue
	t.ForEach(func(k, _ glua.LValue) {
		if !slices.Contains(keep, k.String()) {
			gone = append(gone, k)
		}
	})
	for _, k := range gone {
		t.RawSet(k, glua.LNil)
	}
}
