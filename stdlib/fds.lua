-- fds: what the file descriptors of each process stand for, as far as system
-- calls tell. require it when the program starts.
--
--   local fds = require "fds"
--   panda.syscall("write", { enter = function(cpu, fd) print(fds.name(cpu, fd)) end })
local processes = require "processes"
local fds = {}

local files = processes.state {
  make = function() return { [0] = "stdin", "stdout", "stderr" } end,
  shared = processes.FILES,
}

-- name is the path that a descriptor was opened with, or the kind of thing.
function fds.name(cpu, fd)
  fd = int(fd, 32)
  return files:of(cpu.pid)[fd] or "fd " .. fd
end

local F_DUPFD, F_DUPFD_CLOEXEC = 0, 1030
local AT_FDCWD = -100

local function set(cpu, fd, name) files:of(cpu.pid)[fd] = name end

-- at puts the directory's name before a path that openat was given.
function fds.at(cpu, dir, name)
  dir = int(dir, 32)
  if name:sub(1, 1) == "/" or dir == AT_FDCWD then return name end
  return fds.name(cpu, dir) .. "/" .. name
end

local function path(cpu, call) set(cpu, call.ret, cpu:str(call.args[1]) or "?") end

local function openat(cpu, call)
  set(cpu, call.ret, fds.at(cpu, call.args[1], cpu:str(call.args[2]) or "?"))
end

local function kind(name)
  return function(cpu, call) set(cpu, call.ret, name) end
end

local function same(cpu, call) set(cpu, call.ret, fds.name(cpu, call.args[1])) end

local function fcntl(cpu, call)
  if call.args[2] == F_DUPFD or call.args[2] == F_DUPFD_CLOEXEC then same(cpu, call) end
end

local function two(name, arg)
  return function(cpu, call)
    for i = 0, 4, 4 do set(cpu, cpu:i32(call.args[arg] + i), name) end
  end
end

-- calls are the system calls that make descriptors, with what they do when they
-- succeed.
local calls = {
  open = path, creat = path, openat = openat, openat2 = openat,
  dup = same, dup2 = same, dup3 = same,
  fcntl = fcntl, fcntl64 = fcntl,
  pipe = two("pipe", 1), pipe2 = two("pipe", 1), socketpair = two("socket", 4),
  socket = kind "socket", accept = kind "socket", accept4 = kind "socket",
  eventfd = kind "eventfd", eventfd2 = kind "eventfd", epoll_create = kind "epoll", epoll_create1 = kind "epoll",
  memfd_create = kind "memfd", timerfd_create = kind "timerfd", signalfd4 = kind "signalfd",
  inotify_init = kind "inotify", inotify_init1 = kind "inotify", pidfd_open = kind "pidfd",
  close = function(cpu, call) set(cpu, int(call.args[1], 32), nil) end,
  close_range = function(cpu, call)
    local flags = call.args[3]
    local of = files:of(cpu.pid)
    for fd in pairs(processes.copy(of)) do
      if flags == 0 and fd >= call.args[1] and fd <= call.args[2] then of[fd] = nil end
    end
  end,
}

panda.on("syscall_leave", { name = table.keys(calls), when = "ret >= 0" }, function(cpu, call)
  calls[call.name](cpu, call)
end)
panda.on("process_exit", function(cpu, pid) files:forget(pid) end)

return fds
