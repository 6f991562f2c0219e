-- processes: who forked whom, and a state for each process that a child inherits.
--
--   local processes = require "processes"
--   local calls = processes.state { make = function() return { n = 0 } end }
--   panda.on("syscall_enter", function(cpu) local c = calls:of(cpu.pid) c.n = c.n + 1 end)
local processes = { first = panda.cpu.pid }
local parents, states = {}, {} -- parents: {pid, flags} of the fork that made a process

local CLONE_VM, CLONE_FILES, CLONE_VFORK, CLONE_THREAD = 0x100, 0x400, 0x4000, 0x10000
processes.MEMORY, processes.FILES = CLONE_VM, CLONE_FILES

-- forks are the calls that make processes, with what tells their flags.
local forks = {
  fork = function() return 0 end,
  vfork = function() return CLONE_VM + CLONE_VFORK end,
  clone = function(_, call) return call.args[1] end,
  clone3 = function(cpu, call) return cpu:u64(call.args[1]) or 0 end,
}
local forking -- the fork that began last

panda.on("syscall_enter", { name = table.keys(forks) }, function(cpu, call)
  local flags = forks[call.name](cpu, call)
  if bit.btest(flags, CLONE_THREAD) then return end
  processes.parent(cpu.pid)
  forking = { pid = cpu.pid, flags = flags }
end)

panda.on("syscall_leave", { name = table.keys(forks), when = "ret > 0" }, function(cpu, call)
  local flags = forks[call.name](cpu, call)
  if bit.btest(flags, CLONE_THREAD) then return end
  parents[call.ret] = { pid = cpu.pid, flags = flags }
  for _, s in ipairs(states) do s:of(call.ret) end
end)

-- parent is the process that made pid, nil for the first one, and the flags of
-- clone. While a vfork waits for its child, that has not returned yet.
function processes.parent(pid)
  if not parents[pid] and pid ~= processes.first and forking and pid ~= forking.pid then parents[pid] = forking end
  local p = parents[pid]
  if p then return p.pid, p.flags end
end

local state = {}
state.__index = state

-- state makes a state for each process. make gives that of a process without a
-- known parent; copy makes a child's from its parent's, by default a copy of the
-- table; with shared = MEMORY or FILES, a child that has these in common with
-- its parent gets the same table.
function processes.state(s)
  s.copy, s.by_pid = s.copy or processes.copy, {}
  states[#states + 1] = s
  return setmetatable(s, state)
end

-- of is the state of a process.
function state:of(pid)
  local s = self.by_pid[pid]
  if s then return s end
  local parent, flags = processes.parent(pid)
  local from = parent and self.by_pid[parent]
  if not from then
    s = self.make()
  elseif self.shared and bit.btest(flags, self.shared) then
    s = from
  else
    s = self.copy(from)
  end
  self.by_pid[pid] = s
  return s
end

-- forget drops the state of a process that has ended.
function state:forget(pid) self.by_pid[pid] = nil end

-- renew gives a process the state of one without a parent, as after execve.
function state:renew(pid) self.by_pid[pid] = self.make() end

function processes.copy(t)
  local c = {}
  for k, v in pairs(t) do c[k] = v end
  return c
end

return processes
