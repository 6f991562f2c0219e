-- covdiff: tell which code ran in this run and not in an earlier one, and the other way round
-- Arguments: base=       the list of the earlier run
--            module=*    files to compare, a pattern such as libc*
--            n=20        functions to show
--            file=       write the list of this run there
-- Events:    before_block_exec, counted without calling Lua
-- Example:   panda -panda covdiff:file=base.txt /bin/ls / && panda -panda covdiff:base=base.txt /bin/ls -l /
--
-- The lists are of blocks, by file and offset. Where a block begins depends on the way that led to
-- it, so a block in one list may lie within a block of the other: what is told is where to look.
local text = require "text"
local base = panda.arg("base", "", "the list of the earlier run")
local module = panda.arg("module", "*", "files to compare")
local most = panda.arg("n", 20, "functions to show")
local file = panda.arg("file", "", "write the list of this run there")

local earlier = {} -- by file+offset: the symbol

local function load(path)
  local f = assert(io.open(path))
  local glob = text.glob(module)
  for line in f:lines() do
    local where, symbol = line:match("^%d+ (%S+) ?(.*)$")
    if not where then error(path .. ": this is no list of blocks: " .. line, 0) end
    if where:match("^(.*)%+"):find(glob) then earlier[where] = symbol end
  end
  f:close()
end

local blocks

function init_plugin()
  if base == "" and file == "" then error("covdiff: base= names the list of the earlier run, or file= that of this one", 0) end
  if base ~= "" then load(base) end
  blocks = panda.count { on = "before_block_exec", module = module, by = { "module", "offset", "symbol" }, print = false }
end

-- report shows the blocks of one list that are not in the other, by function.
local function report(title, list, other)
  local by, total = {}, 0
  for where, symbol in pairs(list) do
    if not other[where] then
      local name = where:match("^(.*)%+") .. " " .. symbol
      by[name], total = (by[name] or 0) + 1, total + 1
    end
  end
  print(string.format("covdiff: %s %s", text.count(total, "block"), title))
  local rows = {}
  for _, name in ipairs(table.keys(by)) do rows[#rows + 1] = { by[name], name } end
  table.sort(rows, function(a, b) return a[1] > b[1] or a[1] == b[1] and a[2] < b[2] end)
  local shown = {}
  for i = 1, math.min(#rows, most) do shown[i] = { "  ", rows[i][1], rows[i][2] } end
  io.write(text.columns(shown))
  if #rows > most then print(string.format("    (%d more)", #rows - most)) end
end

function uninit_plugin()
  if not blocks then return end
  local now = {}
  local out = file ~= "" and assert(io.open(file, "w"))
  for key, count in pairs(blocks) do
    local where = string.format("%s+0x%x", key[1], key[2])
    now[where] = key[3]
    if out then out:write(string.format("%d %s %s\n", count, where, key[3])) end
  end
  if out then out:close() end
  if base == "" then return end
  report("only in this run", now, earlier)
  report("only in the earlier run", earlier, now)
end
