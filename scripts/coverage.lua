-- coverage: count how often each block of code ran, by file and offset
-- Arguments: file=coverage.txt   the list, a line "count file+offset symbol" for each block
--            module=*            files to watch, a pattern such as libc*
-- Events:    before_block_exec, counted without calling Lua
-- Example:   panda -panda-plugin scripts/coverage.lua -panda-arg coverage:module=ls /bin/ls
local path = panda.arg("file", "coverage.txt", "the list")
local blocks = panda.count {
  on = "before_block_exec",
  module = panda.arg("module", "*", "files to watch"),
  by = { "module", "offset", "symbol" },
  print = false,
}

function uninit_plugin()
  local out = assert(io.open(path, "w"))
  for key, count in pairs(blocks) do
    out:write(string.format("%d %s+0x%x %s\n", count, key[1], key[2], key[3]))
  end
  out:close()
  print(string.format("coverage: %d blocks, list in %s", #blocks, path))
end
