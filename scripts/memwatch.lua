-- memwatch: tell of each access to a piece of memory, by whom and with which value
-- Arguments: addr=       where it begins: a number, symbol or symbol+distance (required)
--            size=8      its bytes
--            reads       tell of reads too
--            limit=1000  tell of so many at most
-- Events:    virt_mem_before_write, virt_mem_after_read
-- Example:   panda -panda memwatch:addr=environ,reads /bin/ls
local text = panda.arg("addr", "", "where it begins")
local size = panda.arg("size", 8, "its bytes")
local reads = panda.arg("reads", false, "tell of reads too")
local limit = panda.arg("limit", 1000, "tell of so many at most")
local addr = require "addr".resolve(text)

local function tell(what)
  return function(cpu, pc, a, n, buf)
    local bytes = buf:gsub(".", function(c) return string.format("%02x ", c:byte()) end)
    print(string.format("%s 0x%x+%d by 0x%x %s: %s", what, a, n, pc, cpu:symbol(pc) or "", bytes))
  end
end

function init_plugin()
  if not addr then error("memwatch: addr=" .. text .. " is neither a number nor a symbol that is loaded", 0) end
  local filter = { addr = { addr, addr + size }, limit = limit }
  panda.on("virt_mem_before_write", filter, tell("write"))
  if reads then panda.on("virt_mem_after_read", filter, tell("read")) end
end
