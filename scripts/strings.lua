-- strings: print the texts that a program writes, sends or puts together in memory
-- Arguments: min=4        characters that make a text
--            reads        what it reads and receives too
--            memory       what its code reads from memory and writes to it, piece by piece, too
--            module=      file whose code is watched with memory, a pattern; the program itself by default
--            file=        print to this file instead
-- Events:    syscall_enter and syscall_leave of the calls that read, write and open;
--            virt_mem_before_write and virt_mem_after_read with memory
-- Example:   panda -panda strings:min=6,memory ./program
local addr, fds = require "addr", require "fds"
local least = panda.arg("min", 4, "characters that make a text")
local reads = panda.arg("reads", false, "what it reads and receives too")
local memory = panda.arg("memory", false, "what its code reads and writes in memory too")
local module = panda.arg("module", "", "file whose code is watched; the program itself by default")
local file = panda.arg("file", "", "print to this file instead")
local out = file ~= "" and assert(io.open(file, "w")) or io.stderr

local told = {}

-- tell prints each text of a place once.
local function tell(place, s)
  local line = place .. ": " .. s
  if #s < least or told[line] then return end
  told[line] = true
  out:write(line, "\n")
end

-- System calls.

local longest = 0x100000

local function scan(what, cpu, fd, data)
  for s in data:gmatch("[\t\32-\126]+") do tell(what .. " " .. fds.name(cpu, fd), s) end
end

local function buffer(what, cpu, fd, n, at) scan(what, cpu, fd, cpu:read(at, math.min(n, longest)) or "") end

-- vector reads an array of address and length, of which n bytes count.
local function vector(what, cpu, fd, n, at, count)
  local word, parts = cpu.bits / 8, {}
  for i = 1, count do
    local base, size = addr.pointer(cpu, at), addr.pointer(cpu, at + word)
    if not base or n <= 0 then break end
    parts[i] = cpu:read(base, math.min(size, n, longest)) or ""
    at, n = at + 2 * word, n - size
  end
  scan(what, cpu, fd, table.concat(parts))
end

local function watch(names, what, take)
  panda.syscall(names, {
    leave = function(cpu, ret, fd, at, count)
      if ret > 0 then take(what, cpu, fd, ret, at, count) end
    end,
  })
end

watch({ "write", "pwrite64", "sendto", "send" }, "write", buffer)
watch({ "writev", "pwritev", "pwritev2" }, "write", vector)
if reads then
  watch({ "read", "pread64", "recvfrom", "recv" }, "read", buffer)
  watch({ "readv", "preadv", "preadv2" }, "read", vector)
end

-- Memory: what one instruction reads or writes at addresses that follow each
-- other belongs together.

local taps = {} -- by kind, thread and pc: {next address, text}

local function flush(tap)
  tell(tap.place, tap.text)
  tap.text = ""
end

local function tap(kind)
  return function(cpu, pc, at, size, buf)
    local key = kind .. cpu.tid .. " " .. pc
    local t = taps[key]
    if not t then
      t = { next = at, text = "", place = kind .. " " .. addr.name(cpu, pc) }
      taps[key] = t
    end
    if at ~= t.next then flush(t) end
    t.next = at + size
    for i = 1, #buf do
      local c = buf:byte(i)
      if c == 9 or c >= 32 and c <= 126 then
        t.text = t.text .. string.char(c)
      else
        flush(t)
      end
    end
  end
end

if memory then
  local from = { module = module ~= "" and module or panda.modules()[1].name }
  panda.on("virt_mem_before_write", from, tap("put"))
  panda.on("virt_mem_after_read", from, tap("get"))
end

function uninit_plugin()
  for _, key in ipairs(table.keys(taps)) do flush(taps[key]) end
end
