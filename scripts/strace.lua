-- strace: print each system call with its arguments and result, as strace does
-- Arguments: name=*         calls to print, a pattern such as open*
--            file=          print to this file instead
-- Events:    syscall_enter, syscall_leave
-- Example:   panda -panda strace:name='open*' /bin/ls
local name, file = panda.arg("name", "*", "calls to print"), panda.arg("file", "", "print to this file instead")
local out = file ~= "" and assert(io.open(file, "w")) or io.stderr

local function line(cpu, text)
  out:write(string.format("[%d] %s\n", cpu.tid, text))
end

panda.on("syscall_leave", { name = name }, function(cpu, call) line(cpu, call.text) end)
-- These never leave.
panda.on("syscall_enter", { name = { "exit", "exit_group" } }, function(cpu, call) line(cpu, call.text .. " = ?") end)
