-- Integers of 64 bits as scripts see them.
local t = require "test"
local kernel = 0xffffffff81030c64

t.test("a kernel address survives", function()
  t.equal(string.format("%x", kernel), "ffffffff81030c64")
  t.equal(string.format("%d", kernel), "18446744071579044964")
  t.equal(kernel - 0xffffffff81000000, 0x30c64)
  t.equal(kernel % 4096, 0xc64)
  t.equal(math.floor(kernel / 4096) * 4096 + kernel % 4096, kernel)
  t.equal(json.decode(json.encode({ pc = kernel })).pc, kernel)
  t.equal(json.encode(kernel), "18446744071579044964")
  local seen = { [kernel] = "x" }
  t.equal(seen[0xffffffff81000000 + 0x30c64], "x")
end)

t.test("assignment to parameters", function()
  local function down(n) n = n - 1 return n end
  local function cut(n) n = (tostring(n)) return n end
  local function above(n) n = n + kernel return n end
  local function truth(n) n = false or (tostring(n) == "1") return n end
  t.equal({ down(8), cut(8), above(1), truth(1), truth(2) }, { 7, "8", kernel + 1, true, false })
end)

t.test("assignment of several values", function()
  local function swap(a, n) a, n = n, a return { a, n } end
  local function sum(a, n) a, n = n + 1, a * 2 return { a, n } end
  local function calls(n, m) m, n = tostring(m), 1 return { n, m } end
  local function short(a, n) n, a = (tostring(n)) return { n, a } end
  local function rest(a, n) n, a = string.find("xay", n) return { n, a } end
  local function extra(n) n = n + 1, tostring(n) return { n } end
  local function tables(i, list) i, list[i], list = i + 1, list[i + 1], list[1] return { i, list } end
  local function up(n, m) return (function() n, m = m, n return { n, m } end)() end
  t.equal(swap(3, 4), { 4, 3 })
  t.equal(sum(3, 4), { 5, 6 })
  t.equal(calls(1, 2), { 1, "2" })
  t.equal(short(1, 2), { "2" })
  t.equal(rest(1, "a"), { 2, 2 })
  t.equal(extra(1), { 2 })
  local list = { 5, 6 }
  t.equal(tables(1, list), { 2, 5 })
  t.equal(list, { 6, 6 })
  t.equal(up(1, 2), { 2, 1 })
  local a, b, c = 1, 2, 3
  a, b, c = c, a, b
  t.equal({ a, b, c }, { 3, 1, 2 })
  local old = {}
  old.x, a = a, old.x
  t.equal({ old.x, a }, { 3 })
end)

t.test("comparisons", function()
  local n = 5
  t.equal(n < kernel and kernel > n and kernel >= kernel and not (kernel < kernel), true)
  local list = { kernel, 3, 0x8000000000000000, -1 }
  table.sort(list)
  t.equal(list, { -1, 3, 0x8000000000000000, kernel })
  t.raises("attempt to compare", function() return kernel < "x" end)
end)

t.test("locals that leave the range", function()
  local x = 0x1fffffffffffff
  x = x + 1
  t.equal(x, 9007199254740992)
  x = x + 1
  t.equal(string.format("%d", x), "9007199254740993")
  x = x - 2
  t.equal(x, 9007199254740991)
end)

t.test("closures count", function()
  local n = 0
  local function inc() n = n + 1 end
  for _ = 1, 1000 do inc() end
  pcall(error)
  inc()
  t.equal(n, 1001)
end)

t.test("pack", function()
  t.equal(string.pack("<I8", kernel), "\x64\x0c\x03\x81\xff\xff\xff\xff")
  t.equal((string.unpack("<i8", "\xff\xff\xff\xff\xff\xff\xff\xff")), -1)
  t.equal((string.unpack("<I8", "\xff\xff\xff\xff\xff\xff\xff\xff")), 0xffffffffffffffff)
end)

t.test("hexdump", function()
  t.equal(hexdump("hello\0", 0x1000), "00001000  68 65 6c 6c 6f 00                                 |hello.|\n")
  t.equal(hexdump(""), "")
end)

return t.finish()
