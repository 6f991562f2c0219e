-- text: values as people read them: quoted strings, columns, counted things.
local text = {}

local escapes = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ['"'] = '\\"', ["\\"] = "\\\\", ["\0"] = "\\0" }

-- quote writes bytes as a string of C. What is longer than max (32) ends in "...".
function text.quote(s, max)
  max = max or 32
  local body = s:sub(1, max):gsub('[%z\1-\31"\\\127-\255]', function(c)
    return escapes[c] or string.format("\\x%02x", c:byte())
  end)
  return '"' .. body .. '"' .. (#s > max and "..." or "")
end

-- at shows what a pointer to a text points to: the text as quote writes it, or the
-- pointer where there is no text.
function text.at(cpu, addr, max)
  if addr == 0 then return "NULL" end
  local s = cpu:text(addr)
  return s and text.quote(s, max) or hex(addr)
end

-- count puts a number before a word: "1 block", "2 blocks".
function text.count(n, word)
  return string.format("%d %s%s", n, word, n == 1 and "" or "s")
end

-- columns lines up rows of cells: numbers to the right, all else to the left.
-- It returns one text with a line for each row.
function text.columns(rows)
  local width = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do width[i] = math.max(width[i] or 0, #tostring(cell)) end
  end
  local lines = {}
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local pad = string.rep(" ", width[i] - #tostring(cell))
      cells[i] = math.type(cell) and pad .. tostring(cell) or tostring(cell) .. pad
    end
    lines[#lines + 1] = table.concat(cells, "  "):gsub("%s+$", "") .. "\n"
  end
  return table.concat(lines)
end

-- glob makes a pattern of Lua's of one with * and ?, for all of a text.
function text.glob(pattern)
  local p = pattern:gsub("%W", "%%%0"):gsub("%%%*", ".*"):gsub("%%%?", ".")
  return "^" .. p .. "$"
end

return text
