-- test: a small runner for tests written in Lua.
--
--   local t = require "test"
--   t.test("adds", function() t.equal(1 + 1, 2) end)
--   t.finish()
local t = { failed = 0, passed = 0 }

local function show(v)
  if type(v) == "string" then return string.format("%q", v) end
  return tostring(v)
end

-- same compares two values, tables by their contents.
function t.same(a, b)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  for k, v in pairs(a) do
    if not t.same(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end

function t.equal(got, want, what)
  if not t.same(got, want) then
    error(string.format("%sgot %s, want %s", what and what .. ": " or "", show(got), show(want)), 2)
  end
end

-- raises expects fn to fail with a message that contains text.
function t.raises(text, fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then error("no error, want one with " .. show(text), 2) end
  if not string.find(tostring(err), text, 1, true) then
    error(string.format("error %s, want one with %s", show(tostring(err)), show(text)), 2)
  end
end

function t.test(name, fn)
  local ok, err = pcall(fn)
  if ok then
    t.passed = t.passed + 1
  else
    t.failed = t.failed + 1
    print("FAIL " .. name .. ": " .. tostring(err))
  end
end

function t.finish()
  print(string.format("%d passed, %d failed", t.passed, t.failed))
  return t.failed == 0
end

return t
