-- Calls of C as text. A table stands for the CPU.
local t, libc = require "test", require "libc"

local memory = { [0x1000] = "hello\n", [0x2000] = "%s: %-*d %5.1f%% %lx %c\n", [0x3000] = string.rep("y", 40), [0x4000] = "I\234\255\255?" }
local cpu = { bits = 64, doubles = { xmm0 = 0x4004000000000000, xmm1 = 0x3ff0000000000000 } } -- 2.5, 1
function cpu:reg(name) return self.doubles[name] end
function cpu:read(at, n) return memory[at] and (memory[at] .. string.rep("\0", n)):sub(1, n) end
function cpu:text(at) return at ~= 0x4000 and memory[at] or nil end -- what is at 0x4000 is no text
function cpu:str(at, max) return memory[at] and memory[at]:sub(1, max or 4096) end

local function call(name, ...)
  local values = { ... }
  return libc.call(cpu, name, function(i) return values[i] or 0 end)
end

t.test("names", function()
  for symbol, name in pairs { ["puts@plt"] = "puts", _IO_puts = "puts", ["malloc+0x12"] = "malloc", __libc_calloc = "calloc",
    __isoc99_sscanf = "sscanf", __printf_chk = "__printf_chk", __libc_start_main = "__libc_start_main", main = "main" } do
    t.equal(libc.name(symbol), name, symbol)
  end
  t.equal(libc.signature("fopen64").name, "fopen")
  t.equal(libc.signature("main"), nil)
end)

t.test("arguments and results", function()
  t.equal(call("puts@plt", 0x1000):text(), [[puts("hello\n")]])
  t.equal(call("puts", 0):text(), "puts(NULL)")
  t.equal(call("puts", 0x9999):text(), "puts(0x9999)")
  t.equal(call("puts", 0x4000):text(), "puts(0x4000)")
  t.equal(call("strlen", 0x3000):text(), 'strlen("' .. string.rep("y", 32) .. '"...)')
  t.equal(call("putchar", 65):text(), "putchar('A')")
  t.equal(call("putchar", 10):text(), "putchar(10)")
  t.equal(call("open", 0x1000, 0x241, 420):text(), [[open("hello\n", 0x241, 0644)]])
  t.equal(call("malloc", 0xffffffffffffffff):text(), "malloc(18446744073709551615)")
  t.equal(call("lseek", 3, 0xffffffffffffffff, 1):text(), "lseek(3, -1, 1)")
  t.equal(call("nobody", 1, 2, 0x30):text(), "nobody(0x1, 0x2, 0x30)")
  t.equal(call("abs"):result(cpu, 0xffffffff), "-1")
  t.equal(call("malloc", 1):result(cpu, 0), "NULL")
  t.equal(call("getenv", 0x1000):result(cpu, 0x1000), [["hello\n"]])
  t.equal(call("free", 1):result(cpu, 77), "<void>")
  t.equal(call("nobody"):result(cpu, 0x10), "0x10")
end)

t.test("doubles", function()
  t.equal(call("pow"):text(), "pow(2.5, 1)")
  t.equal(call("sqrt"):result(cpu, 0), "2.5")
end)

t.test("buffers", function()
  t.equal(call("write", 1, 0x1000, 3):text(), [[write(1, "hel", 3)]])
  local c = call("read", 0, 0x1000, 100)
  t.equal({ c:text(), c:text(cpu, 6), c:text(cpu, 0xffffffffffffffff) },
    { "read(0, 0x1000, 100)", [[read(0, "hello\n", 100)]], "read(0, 0x1000, 100)" })
  t.equal(call("strcpy", 0x3000, 0x1000):text(cpu, 0x3000), 'strcpy("' .. string.rep("y", 32) .. [["..., "hello\n")]])
end)

t.test("formats", function()
  t.equal(libc.formatted("%d %ld %s%% %*.*f %Lf %d"), { "int", "long", "string", "int", "int", "double" })
  t.equal(libc.formatted("%m %hhx %zu %p"), {})
  t.equal(libc.formatted("%hhx %zu %p %lld %jd"), { "hex", "size", "ptr", "long", "long" })
  t.equal(call("printf", 0x2000, 0x1000, 4, 9, 0x123456789ab, 0x40):text(),
    [[printf("%s: %-*d %5.1f%% %lx %c\n", "hello\n", 4, 9, 2.5, 0x123456789ab, '@')]])
end)

t.finish()
