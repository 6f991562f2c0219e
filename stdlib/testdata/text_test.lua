-- Values as text, and names of errors.
local t, text, errno = require "test", require "text", require "errno"

t.test("quote", function()
  t.equal(text.quote('a\n\t"\\\0\1\127\255'), [["a\n\t\"\\\0\x01\x7f\xff"]])
  t.equal(text.quote("abcdef", 4), '"abcd"...')
  t.equal(text.quote(string.rep("x", 32)), '"' .. string.rep("x", 32) .. '"')
  t.equal(text.quote(""), '""')
end)

t.test("count", function()
  t.equal({ text.count(0, "byte"), text.count(1, "byte"), text.count(0x10000000000000, "byte") }, { "0 bytes", "1 byte", "4503599627370496 bytes" })
end)

t.test("columns", function()
  t.equal(text.columns { { "name", "n" }, { "a", 10 }, { "long one", 7 }, { "b" } }, "name      n\na         10\nlong one   7\nb\n")
  t.equal(text.columns {}, "")
end)

t.test("glob", function()
  local function match(s, pattern) return s:find(text.glob(pattern)) ~= nil end
  t.equal({ match("/etc/passwd", "/etc/*"), match("/etc/passwd", "*pass"), match("a.c", "a?c"), match("abc", "a.c"), match("", "*") },
    { true, false, true, false, true })
end)

t.test("errno", function()
  t.equal({ errno.name(1), errno.name(2), errno.name(40), errno.name(9999) }, { "EPERM", "ENOENT", "ELOOP", "9999" })
end)

t.finish()
