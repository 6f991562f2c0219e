-- syscalls: log the number of each system call instruction, the manual's example
-- Arguments: file=syscalls.txt   the log
-- Events:    insn_exec at SYSENTER and SYSCALL, chosen at translation
-- Example:   panda -panda-plugin scripts/syscalls.lua /bin/ls
local log = assert(io.open(panda.arg("file", "syscalls.txt", "the log"), "w"))
panda.on("insn_exec", { bytes = "0f 34 | 0f 05" }, function(cpu, pc)
  log:write(string.format("PC=%016x, SYSCALL=%016x\n", pc, cpu.rax))
end)
function uninit_plugin() log:close() end
