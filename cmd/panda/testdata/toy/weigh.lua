-- What one script sees of a program of another architecture, and changes in it.
local loads, blocks = 0, 0
panda.on("before_block_exec", function(cpu, tb) blocks = blocks + 1 end)
panda.on("insn_exec", { mnemonic = "mul" }, function(cpu, pc)
  print("mul", cpu.p0, cpu.p1, cpu:symbol(pc), cpu:disas(pc))
end)
panda.on("virt_mem_after_read", { mnemonic = "ld4s" }, function(cpu, pc, addr, size, buf)
  loads = loads + cpu:u32(addr)
  print("read", size, #buf)
end)
panda.hook("weigh", {
  leave = function(cpu, ret, n)
    print("weigh", n, ret)
    if n == 3 then return 100 end
  end,
})
panda.hook("times", {
  enter = function(cpu, n)
    local names = {}
    for i, f in ipairs(cpu:backtrace()) do names[i] = f.symbol end
    print("times", cpu:arg(1), cpu:arg(2), table.concat(names, " < "))
    if n == 2 then return 1000 end
  end,
})
panda.on("insn_exec", { symbol = "weigh", when = "p0 == 3" }, function(cpu) print("called", panda.original("times", 6, 7), cpu.p0) end)
panda.on("syscall_enter", function(cpu, call) print(call.name, call.number, cpu.n) end)
function uninit_plugin() print(panda.cpu.arch, panda.cpu.bits, loads, blocks) end
