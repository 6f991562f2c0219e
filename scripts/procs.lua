-- procs: print the tree of processes with their programs, arguments and how they ended
-- Arguments: width=100    characters to show of a command line
-- Events:    syscall_enter of execve, fork and clone; syscall_leave; process_start, process_exit
-- Example:   panda -panda procs /bin/sh -c 'ls / | wc -l'
local addr, processes = require "addr", require "processes"
local width = panda.arg("width", 100, "characters to show of a command line")

local known = {}   -- by pid: {pid, commands, status}
local order = {}   -- the same, in the order of their first sign of life
local pending = {} -- the arguments of an execve in progress, by pid

-- quote writes an argument as one would type it.
local function quote(s)
  if s:find("^[%w%-_./:=,+@%%]+$") then return s end
  return "'" .. s:gsub("[%z\1-\31\127]", "?"):gsub("'", "'\\''") .. "'"
end

local function command(cpu, argv)
  local words, at = {}, argv
  while #words < 100 do
    local p = addr.pointer(cpu, at)
    local word = p and p ~= 0 and cpu:str(p)
    if not word then break end
    words[#words + 1] = quote(word)
    at = at + cpu.bits / 8
  end
  local line = table.concat(words, " ")
  return #line > width and line:sub(1, width) .. "..." or line
end

local function process(pid)
  if not known[pid] then
    known[pid] = { pid = pid, commands = {} }
    order[#order + 1] = known[pid]
    processes.parent(pid)
  end
  return known[pid]
end

local function starts(pid, line)
  local p = process(pid)
  p.commands[#p.commands + 1] = line
end

local signals = {
  "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV",
  "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM",
}

-- ending puts a wait status into words.
local function ending(status)
  local signal = bit.band(status, 0x7f)
  if signal == 0 then return "exit " .. bit.rshift(status, 8) end
  return "killed by " .. (signals[signal] or "signal " .. signal)
end

-- The first program has its arguments on the stack, after their number.
starts(panda.cpu.pid, command(panda.cpu, panda.cpu.sp + panda.cpu.bits / 8))

panda.syscall("execve", {
  enter = function(cpu, _, argv) pending[cpu.pid] = command(cpu, argv) end,
})
panda.syscall("execveat", {
  enter = function(cpu, _, _, argv) pending[cpu.pid] = command(cpu, argv) end,
})
panda.on("process_start", function(cpu, pid, path) starts(pid, pending[pid] or path) end)
panda.on("process_exit", function(cpu, pid, status) process(pid).status = status end)

local function show(p, depth)
  local line = #p.commands > 0 and table.concat(p.commands, " -> ") or "(fork)"
  print(string.format("%s%d %s: %s", string.rep("  ", depth), p.pid, line, p.status and ending(p.status) or "still runs"))
  for _, child in ipairs(order) do
    if processes.parent(child.pid) == p.pid then show(child, depth + 1) end
  end
end

function uninit_plugin()
  for _, p in ipairs(order) do
    if not known[processes.parent(p.pid) or 0] then show(p, 0) end
  end
end
