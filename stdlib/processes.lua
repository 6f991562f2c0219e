-- processes: who forked whom, and a state for each process that a child inherits.
--
--   local processes = require "processes"
--   local counts = processes.state(function() return { n = 0 } end)
--   panda.on("syscall_enter", function(cpu) counts:of(cpu.pid).n = counts:of(cpu.pid).n + 1 end)
local processes = { first = panda.cpu.pid, parents = {} } -- parents: by pid of the child

local CLONE_THREAD = 0x10000
local forks = { name = { "fork", "vfork", "clone", "clone3" } }
local forking -- the process that began a fork last
local states = {}

local function makes_thread(cpu, call)
  local flags = call.args[1]
  if call.name == "clone3" then flags = cpu:u64(flags) end
  return call.name:find("clone", 1, true) and bit.btest(flags or 0, CLONE_THREAD)
end

panda.on("syscall_enter", forks, function(cpu, call)
  if makes_thread(cpu, call) then return end
  processes.parent(cpu.pid)
  forking = cpu.pid
end)

panda.on("syscall_leave", forks, function(cpu, call)
  if call.ret <= 0 or makes_thread(cpu, call) then return end
  processes.parents[call.ret] = cpu.pid
  for _, s in ipairs(states) do s:of(call.ret) end
end)

-- parent is the process that made pid, nil for the first one. While a vfork
-- waits for its child, that has not returned yet.
function processes.parent(pid)
  local parents = processes.parents
  if not parents[pid] and pid ~= processes.first and pid ~= forking then parents[pid] = forking end
  return parents[pid]
end

local state = {}
state.__index = state

-- state makes a state for each process: make gives that of a process without a
-- known parent, copy(parent's) that of a child, by default a copy of the table.
function processes.state(make, copy)
  local s = setmetatable({ make = make, copy = copy or processes.copy, by_pid = {} }, state)
  states[#states + 1] = s
  return s
end

-- of is the state of a process.
function state:of(pid)
  local s = self.by_pid[pid]
  if not s then
    local from = self.by_pid[processes.parent(pid)]
    s = from and self.copy(from) or self.make()
    self.by_pid[pid] = s
  end
  return s
end

-- forget drops the state of a process that has ended, or begins anew.
function state:forget(pid) self.by_pid[pid] = nil end

-- renew gives a process the state of one without a parent.
function state:renew(pid) self.by_pid[pid] = self.make() end

function processes.copy(t)
  local c = {}
  for k, v in pairs(t) do c[k] = v end
  return c
end

return processes
