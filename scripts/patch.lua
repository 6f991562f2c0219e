-- patch: change bytes of the program or of a library as soon as they are mapped
-- Arguments: patch=PLACE:BYTES   what to write and where: BYTES in hexadecimal, PLACE a number, a
--                                symbol or a file, with a distance: 0x401136, main, main+0x10,
--                                libc.so.6!getpid, libc.so.6!+0x1234. May be given several times
-- Events:    before_block_translate, until every patch is made; process_start
-- Example:   panda -panda patch:patch=main+0x12:9090 ./program
local addr = require "addr"

local function bytes(text)
  local digits = text:gsub("%s", "")
  if digits == "" or #digits % 2 == 1 or digits:find("%X") then return nil end
  return (digits:gsub("%x%x", function(d) return string.char(tonumber(d, 16)) end))
end

local function hexadecimal(s)
  return (s:gsub(".", function(c) return string.format("%02x", c:byte()) end))
end

local patches = {}
panda.arg("patch", "", "PLACE:BYTES, what to write and where")
for _, arg in ipairs(panda.get_args()) do
  if arg.key ~= "patch" and arg.key ~= "help" then error("patch: no argument " .. arg.key, 0) end
  if arg.key == "patch" then
    local place, text = tostring(arg.value):match("^(.*):(.*)$")
    local new = text and bytes(text)
    if not new then error(string.format("patch: %s is not of the form PLACE:BYTES", arg.value), 0) end
    patches[#patches + 1] = { place = place, new = new }
  end
end

-- apply makes the patches whose place lies in a file, or in any of those that are
-- mapped when the program starts.
local function apply(cpu, file)
  local left = 0
  for _, p in ipairs(patches) do
    local at = not p.done and addr.resolve(p.place)
    local old = at and (not file or cpu:module(at) == file) and cpu:read(at, #p.new)
    if old then
      p.done, p.ever = true, true
      cpu:write(at, p.new)
      print(string.format("patch: %s at 0x%x: %s -> %s", p.place, at, hexadecimal(old), hexadecimal(p.new)))
    elseif not p.done then
      left = left + 1
    end
  end
  return left
end

-- A library is mapped in several steps, so its turn comes when its code is about
-- to run for the first time.
local handle, seen

local function begin()
  seen = {}
  if apply(panda.cpu) == 0 then
    handle:disable()
  else
    handle:enable()
  end
end

handle = panda.on("before_block_translate", function(cpu, pc)
  local file = cpu:module(pc)
  if not file or seen[file] then return end
  seen[file] = true
  if apply(cpu, file) == 0 then handle:disable() end
end)

panda.on("process_start", function()
  for _, p in ipairs(patches) do p.done = false end
  begin()
end)

function init_plugin()
  if #patches == 0 then error("patch: patch=PLACE:BYTES says what to change", 0) end
  begin()
end

function uninit_plugin()
  for _, p in ipairs(patches) do
    if not p.ever then print(string.format("patch: %s was never mapped", p.place)) end
  end
end
