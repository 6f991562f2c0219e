-- antidebug: report how a program looks for debuggers, and keep it from finding one
-- Arguments: hide         answer as if nobody watched
--            time         report rdtsc too, where it is executed for the first time
-- Events:    syscall_enter and syscall_leave of ptrace, prctl, rt_sigaction, and of the calls that
--            open and read files of /proc; insn_exec of rdtsc and rdtscp with time; before_exception
-- Example:   panda -panda antidebug:hide,time ./program
local addr, fds, text = require "addr", require "fds", require "text"
local hide = panda.arg("hide", false, "answer as if nobody watched")
local time = panda.arg("time", false, "report rdtsc too")

local told = {}

-- report prints each finding once for a place.
local function report(cpu, format, ...)
  local line = string.format(format, ...)
  if told[line] then return end
  told[line] = true
  print(string.format("antidebug: %s[%d]: %s", cpu.comm, cpu.pid, line))
end

-- A process can be traced once: without a debugger the first request succeeds,
-- all others fail.

local PTRACE_TRACEME, EPERM = 0, 1
local traced = {}

panda.syscall("ptrace", {
  enter = function(cpu, request)
    if request ~= PTRACE_TRACEME then return report(cpu, "ptrace(%d)", request) end
    report(cpu, "ptrace(PTRACE_TRACEME)%s", traced[cpu.pid] and ", once more" or "")
    local again = traced[cpu.pid]
    traced[cpu.pid] = true
    if hide then return again and -EPERM or 0 end
  end,
})

-- A process that is not dumpable cannot be attached to.

local options = { [4] = "PR_SET_DUMPABLE", [0x59616d61] = "PR_SET_PTRACER" }

panda.syscall("prctl", {
  enter = function(cpu, option, value)
    if options[option] then report(cpu, "prctl(%s, %d)", options[option], int(value)) end
  end,
})

-- A handler of SIGTRAP that never runs tells of a debugger that swallowed it.

local SIGTRAP, BREAKPOINT = 5, 3

panda.syscall("rt_sigaction", {
  enter = function(cpu, signal, action)
    if signal == SIGTRAP and action ~= 0 then report(cpu, "handler of SIGTRAP") end
  end,
})
panda.on("before_exception", { number = BREAKPOINT }, function(cpu)
  report(cpu, "int3 at %s", addr.name(cpu, cpu.pc))
end)

-- /proc names the tracer in status, and the parent's program in others.

local files = { status = true, stat = true, cmdline = true, comm = true, exe = true, wchan = true, maps = true }

local function proc(path)
  local file = path:match("^/proc/%w+/(%w+)$") or path:match("^/proc/%w+/task/%w+/(%w+)$")
  return file and files[file] and file
end

local function looks(cpu, path)
  local s = cpu:str(path) or ""
  if proc(s) then report(cpu, "looks at %s", s) end
end

panda.syscall({ "open", "readlink" }, { enter = looks })
panda.syscall({ "openat", "readlinkat" }, { enter = function(cpu, _, path) looks(cpu, path) end })

panda.syscall({ "read", "pread64" }, {
  leave = function(cpu, ret, fd, at)
    if ret <= 0 or proc(fds.name(cpu, fd)) ~= "status" then return end
    local data = cpu:read(at, ret)
    local first, last, pid = data:find("TracerPid:%s*(%d+)")
    if not pid then return end
    report(cpu, "reads TracerPid, %s", pid)
    if hide and pid ~= "0" then
      local digits = #pid
      cpu:write(at + last - digits, "0" .. string.rep(" ", digits - 1))
    end
  end,
})

-- Here the time-stamp counter counts instructions, so time taken by callbacks
-- does not show; with hide it hardly moves between two readings.

local STEP = 32
local clock = {}
local low, high = "rax", "rdx"
if panda.cpu.bits == 32 then low, high = "eax", "edx" end

if time then
  panda.on("after_insn_exec", { mnemonic = { "rdtsc", "rdtscp" }, module = panda.modules()[1].name }, function(cpu, pc)
    local now, last = cpu.icount, clock[cpu.tid]
    report(cpu, "rdtsc at %s", addr.name(cpu, pc))
    clock[cpu.tid] = { icount = now, value = (last and last.value or now) + STEP }
    if last then report(cpu, "rdtsc at %s, %s after another", addr.name(cpu, pc), text.count(now - last.icount, "instruction")) end
    if hide then
      cpu[low] = bit.band(clock[cpu.tid].value, 0xffffffff)
      cpu[high] = bit.band(bit.rshift(clock[cpu.tid].value, 32), 0xffffffff)
    end
  end)
end
