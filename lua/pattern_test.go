package lua

import "testing"

// patternScript tries patterns.
const patternScript = `
local function same(what, got, ...)
  local want = { ... }
  for i = 1, math.max(#want, #got) do
    if got[i] ~= want[i] then error(what .. ": value " .. i .. " is " .. tostring(got[i]) .. ", not " .. tostring(want[i]), 2) end
  end
end
local function find(s, p, ...) return { string.find(s, p, ...) } end
local function match(s, p, ...) return { string.match(s, p, ...) } end
local function gsub(s, p, r, n) return { string.gsub(s, p, r, n) } end
local function fails(text, f, ...) local ok, err = pcall(f, ...) if ok or not err:find(text, 1, true) then error(tostring(err), 2) end end

same("plain", find("hello world", "o w"), 5, 7)
same("empty", find("abc", ""), 1, 0)
same("empty at the end", find("abc", "", 4), 4, 3)
same("beyond the end", { string.find("abc", "b", 9) == nil }, true)
same("from the end", find("abcabc", "b", -3), 5, 5)
same("special as plain", find("a.b", ".", 1, true), 2, 2)
same("captures", find("key = value", "(%w+)%s*=%s*(%w+)"), 1, 11, "key", "value")
same("position", match("hello", "()ll()"), 3, 5)
same("nested", match("abc", "((a)(b))"), "ab", "a", "b")
same("anchored", { string.find("xabc", "^abc") == nil }, true)
same("anchored from", find("xabc", "^abc", 2), 2, 4)
same("tail", match("a.b.c", "[^.]+$"), "c")
same("dollar inside", find("a$b", "a$b"), 1, 3)
same("greedy", match("aaab", "a*"), "aaa")
same("one or more", match("b", "a*b"), "b")
same("lazy", match("<a><b>", "<(.-)>"), "a")
same("optional", match("-12", "^-?%d+$"), "-12")
same("balanced", match("f(a(b)c)d", "%b()"), "(a(b)c)")
same("frontier", gsub("THE (quick) fox", "%f[%a]%a+", "w"), "w (w) w", 3)
same("frontier at the end", find("abc", "%f[%z]"), 4, 3)
same("back", match([[say "it's" now]], "([\"'])(.-)%1"), '"', "it's")
same("set", match("x]y", "[]]"), "]")
same("set that is not", match("x^y", "[%^]"), "^")
same("range", match("Hello", "[a-y]+"), "ello")
same("range at the edge", match("a-z", "[a-]+"), "a-")
same("class in a set", match("ab12 ", "[%a%d]+"), "ab12")
same("capitals", match("ab12", "%D+"), "ab")
same("zero", find("a\0b", "%z"), 2, 2)
same("hex", match("0xDEADq", "0x(%x+)"), "DEAD")
same("bytes", match("\200\201a", "[\200-\201]+"), "\200\201")
same("nothing", { string.match("abc", "x") == nil }, true)

same("gsub", gsub("hello", "l", "L"), "heLLo", 2)
same("gsub of nothing", gsub("abc", "", "-"), "-a-b-c-", 4)
same("gsub with a limit", gsub("aaa", "a", "b", 2), "bba", 2)
same("gsub none", gsub("aaa", "a", "b", 0), "aaa", 0)
same("gsub swapped", gsub("a=1", "(%w)=(%w)", "%2=%1 %0 %%"), "1=a a=1 %", 1)
same("gsub whole as %1", gsub("ab", "%w", "%1%1"), "aabb", 2)
same("gsub table", gsub("$a $b", "%$(%w)", { a = "1", b = false }), "1 $b", 2)
same("gsub function", gsub("abc", "%w", function(c) if c == "b" then return c:upper() end end), "aBc", 3)
same("gsub of a position", gsub("ab", "()", "%1"), "1a2b3", 3)
same("gsub anchored", gsub("aaa", "^a", "b"), "baa", 1)
same("gsub number", gsub("a", "a", 5), "5", 1)
same("gsub star", gsub("abc", "%w*", "x"), "xx", 2)

local words = {}
for k, v in string.gmatch("a=1, b=2", "(%w+)=(%w+)") do words[#words + 1] = k .. v end
same("gmatch", words, "a1", "b2")
local n = 0
for _ in string.gmatch("abc", "") do n = n + 1 end
same("gmatch of nothing", { n }, 4)
for _ in ("x"):gmatch("^x") do n = n + 1 end
same("long", { #string.match(("a"):rep(300000), "^(a*)$") }, 300000)

fails("malformed pattern (ends with '%')", string.find, "a", "%")
fails("malformed pattern (missing ']')", string.find, "a", "[a")
fails("invalid pattern capture", string.match, "a", "a)")
fails("unfinished capture", string.find, "a", "(a")
fails("invalid capture index", string.find, "a", "%1")
fails("invalid capture index", string.gsub, "a", "a", "%2")
fails("missing arguments to '%b'", string.find, "a", "%b")
fails("missing '['", string.find, "a", "%f")
fails("invalid replacement value (a table)", string.gsub, "a", "a", function() return {} end)
same("split", ("a, b,c"):split(",%s*"), "a", "b", "c")
same("split plain", ("a.b"):split(".", true), "a", "b")
same("split edges", (",a,"):split(","), "", "a", "")
`

// TestPatterns holds the matcher against what the manual of Lua 5.1 says.
func TestPatterns(t *testing.T) {
	newFake(t).must(patternScript)
}
