-- iolog: count the bytes that each process read and wrote, by file
-- Arguments: by=file     "file" adds up the descriptors of a file, "fd" tells them apart
-- Events:    syscall_enter and syscall_leave of the calls that read, write and open
-- Example:   panda -panda iolog /bin/cat /etc/hostname
local fds, text = require "fds", require "text"
local by = panda.arg("by", "file", "file or fd")

local totals = {} -- by process: rows {file, reads, bytes, writes, bytes}, and the same by name

local function row(cpu, fd)
  local name = fds.name(cpu, fd)
  if by == "fd" then name = string.format("%d %s", int(fd, 32), name) end
  local mine = totals[cpu.pid] or {}
  totals[cpu.pid] = mine
  if not mine[name] then
    mine[name] = { name, 0, 0, 0, 0 }
    mine[#mine + 1] = mine[name]
  end
  return mine[name]
end

local function moved(cpu, fd, bytes, column)
  local r = row(cpu, fd)
  r[column], r[column + 1] = r[column] + 1, r[column + 1] + bytes
end

local READ, WRITTEN = 2, 4

local function reads(cpu, ret, fd)
  if ret >= 0 then moved(cpu, fd, ret, READ) end
end

local function writes(cpu, ret, fd)
  if ret >= 0 then moved(cpu, fd, ret, WRITTEN) end
end

panda.syscall({ "read", "pread64", "readv", "preadv", "preadv2", "recvfrom", "recvmsg", "recv" }, { leave = reads })
panda.syscall({ "write", "pwrite64", "writev", "pwritev", "pwritev2", "sendto", "sendmsg", "send" }, { leave = writes })
panda.syscall({ "sendfile", "sendfile64" }, {
  leave = function(cpu, ret, to, from)
    reads(cpu, ret, from)
    writes(cpu, ret, to)
  end,
})
panda.syscall({ "copy_file_range", "splice" }, {
  leave = function(cpu, ret, from, _, to)
    reads(cpu, ret, from)
    writes(cpu, ret, to)
  end,
})

panda.on("process_exit", function(cpu, pid)
  local rows = totals[pid]
  if not rows then return end
  totals[pid] = nil
  table.insert(rows, 1, { by, "reads", "bytes", "writes", "bytes" })
  print(string.format("%s[%d]:", cpu.comm, pid))
  io.write((text.columns(rows):gsub("[^\n]+", "  %0")))
end)
