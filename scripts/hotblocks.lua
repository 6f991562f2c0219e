-- hotblocks: show the blocks in which most instructions ran
-- Arguments: n=20        how many to show
--            module=*    files to watch, a pattern such as libc*
-- Events:    before_block_exec, counted without calling Lua
-- Example:   panda -panda hotblocks:n=5 /bin/ls
panda.sum {
  on = "before_block_exec",
  module = panda.arg("module", "*", "files to watch"),
  value = "insns",
  by = { "symbol", "pc" },
  limit = panda.arg("n", 20, "how many to show"),
  title = "instructions by block",
}
