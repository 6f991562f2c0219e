-- memwatch: tell of each access to a piece of memory, by whom and with which value
-- Arguments: addr=       where it begins: a number, symbol or symbol+distance (required)
--            size=8      its bytes
--            reads       tell of reads too
--            limit=1000  tell of so many at most
-- Events:    virt_mem_before_write, virt_mem_after_read; module_mapped until the symbol is there
-- Example:   panda -panda memwatch:addr=environ,reads /bin/ls
local text = panda.arg("addr", "", "where it begins")
local size = panda.arg("size", 8, "its bytes")
local reads = panda.arg("reads", false, "tell of reads too")
local limit = panda.arg("limit", 1000, "tell of so many at most")
local addr = require "addr"

local function tell(what)
  return function(cpu, pc, a, n, buf)
    local bytes = buf:gsub(".", function(c) return string.format("%02x ", c:byte()) end)
    print(string.format("%s 0x%x+%d by 0x%x %s: %s", what, a, n, pc, cpu:symbol(pc) or "", bytes))
  end
end

local waiting -- the handle that looks for the symbol as files are mapped

local function watch()
  local at = addr.resolve(text)
  if not at then return false end
  local filter = { addr = { at, at + size }, limit = limit }
  panda.on("virt_mem_before_write", filter, tell("write"))
  if reads then panda.on("virt_mem_after_read", filter, tell("read")) end
  return true
end

function init_plugin()
  if not text:find("^[%w_.+!@-]+$") then error("memwatch: addr=" .. text .. " is neither a number nor a symbol", 0) end
  if watch() then return end
  waiting = panda.on("module_mapped", function()
    if watch() then
      waiting:remove()
      waiting = nil
    end
  end)
end

function uninit_plugin()
  if waiting then print("memwatch: no file with " .. text .. " was mapped") end
end
