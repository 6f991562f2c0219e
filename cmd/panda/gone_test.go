package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"panda/cmd/panda/prompt"
	"panda/lua"
)

// anyArgs are arguments that suit some command or other.
var anyArgs = []string{
	"", "main", "0x1000", "1", "all", "$rsp 4", "$rip", `"text"`, "{0f 05}", "/4gx 0x1000", "/2i $rip", "/s $rsp", "rax=1", "4096 8 if rax == 1", "auto", "repl",
	"0", "SEGV", "SEGV nostop nopass",
}

// TestCommandsAnyTime gives every command of the table every kind of argument, at
// the guest's start and after its end: what cannot be done says so in a line.
func TestCommandsAnyTime(t *testing.T) {
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range prompt.Commands() {
		if name == "quit" {
			continue
		}
		args, lines := slices.Clip(anyArgs), []string(nil)
		for _, topic := range prompt.Topics() {
			if name == "info" {
				args = append(args, topic, topic+" main")
			}
		}
		for _, a := range args {
			if strings.HasPrefix(a, "/") != (name == "x" && a != "") {
				continue
			}
			lines = append(lines, strings.TrimSuffix(":"+name+" "+a, " "))
		}
		text := strings.ReplaceAll(strings.Join(lines, "\n"), ":x /", ":x/")
		back := ""
		if name == "jump" {
			back = "panda.cpu.pc = start\n"
		}
		r := execute(t, t.TempDir(), ":set context off\nstart = panda.cpu.pc\n"+text+"\n"+back+":delete all\n:c\n:c\n"+text+"\nprint('still here')\n", binary, "-i", "/bin/true")
		if r.status != 0 || r.stderr != "" || !strings.HasSuffix(r.stdout, "(ended)> print('still here')\nstill here\n") || strings.Contains(r.stdout, "runtime error") {
			t.Errorf(":%s: status %d\n%s\n%s", name, r.status, r.stdout, r.stderr)
		}
	}
}

// everyFunction is Lua that calls each function of a list with each kind of
// argument, and prints what fails within the emulator.
const everyFunction = `
local lists = { {}, {1}, {4096, 8}, {"main"}, {"main", 1}, {"insn_exec", print}, {"main", {}}, {4096, "x"}, {{}}, {"t", function() end}, {"rax"}, {"rax", 1}, {0, 16} }
local function try(where, name, fn, ...)
  local ok, msg = pcall(fn, ...)
  if not ok and (type(msg) ~= "string" or msg:find("runtime error", 1, true) or msg:find("BUG", 1, true)) then print(where, name, msg) end
  return ok, msg
end
function every(where)
  local cpu = panda.cpu
  for _, list in ipairs(lists) do
    for _, name in ipairs(of_panda) do
      local ok, handle = try(where, name, panda[name], unpack(list))
      if ok and name ~= "load" and name ~= "get_plugin_by_name" then pcall(function() handle:remove() end) end
    end
    for _, name in ipairs(of_cpu) do try(where, name, cpu[name], cpu, unpack(list)) end
  end
  for _, name in ipairs(fields) do try(where, name, function() return tostring(cpu[name]) end) end
  try(where, "tostring", tostring, cpu)
  try(where, "assign", function() cpu.pc = cpu.pc; cpu.sp = cpu.sp end)
end
`

// TestFunctionsAnyTime calls every function of the panda module and of the CPU
// before the guest's start, in a callback, at its end and after it.
func TestFunctionsAnyTime(t *testing.T) {
	list := func(name string, names []string) string {
		return name + " = {'" + strings.Join(names, "', '") + "'}\n"
	}
	var ofPanda, ofCPU, fields []string
	for _, m := range lua.Modules() {
		switch m.Name {
		case "panda":
			for _, r := range m.Rows {
				// What ends the script, or the guest's run, comes last.
				if !slices.Contains([]string{"exit", "detach", "stop", "call", "unload_plugin", "disable_plugin"}, r.Name) {
					ofPanda = append(ofPanda, r.Name)
				}
			}
		case "cpu:":
			for _, r := range m.Rows {
				ofCPU = append(ofCPU, r.Name)
			}
			for _, f := range m.Fields {
				fields = append(fields, f.Name)
			}
		}
	}
	if len(ofPanda) < 40 || len(ofCPU) < 20 {
		t.Fatalf("%d functions of panda, %d of the CPU", len(ofPanda), len(ofCPU))
	}
	dir := t.TempDir()
	write(t, dir, "every.lua", list("of_panda", ofPanda)+list("of_cpu", ofCPU)+list("fields", fields)+everyFunction+`
function last(where)
  every(where)
  for _, f in ipairs{"stop", "call", "unload_plugin", "disable_plugin", "exit", "detach"} do
    local ok, msg = pcall(panda[f], f == "exit" and 5 or "nobody")
    if not ok and tostring(msg):find("runtime error", 1, true) then print(where, f, msg) end
  end
end
every("start")
local once
panda.on("syscall_enter", function() if not once then once = true every("callback") print("called back") end end)
panda.on("shutdown", function() every("shutdown") end)
function uninit_plugin() last("uninit") print("all done") end
`)
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	prompt := fmt.Sprintf(":c\ndofile(%q)\nlast('prompt')\n", dir+"/every.lua")
	for _, args := range [][]string{{binary, "-panda-plugin", "every.lua", "/bin/true"}, {binary, "-i", "-panda-plugin", "every.lua", "/bin/true"}} {
		r := execute(t, dir, prompt, args...)
		if !strings.Contains(r.stdout, "called back\n") || !strings.Contains(r.stdout, "all done\n") || strings.Contains(r.stdout+r.stderr, "runtime error") || strings.Contains(r.stderr, "goroutine") {
			t.Errorf("%q: status %d\n%s\n%s", args[1:], r.status, r.stdout, r.stderr)
		}
	}
}
