-- fuzz: call a function of the program again and again with changed input, in one process
-- Arguments: function=    the function to test: a symbol, an address, or file!symbol (required)
--            arg=1        which of its arguments points to the input
--            len=2        which argument is the length of the input; 0: the input is a text
--            n=1000       calls to make
--            seed=1       where the changes begin; the same seed gives the same run
--            max=4096     bytes of an input at most
--            crashes=     directory for inputs that crash the function
-- Events:    insn_exec where the function begins and at the start of its blocks;
--            virt_mem_before_write
-- Example:   panda -panda fuzz:function=parse,n=5000 ./program input.txt
--
-- How it works: the program's own call of the function gives the first input. The function is then
-- run with changed inputs (panda.call). Before each run the registers, and after it all memory that
-- it wrote, are what they were, so that no run sees what another did. An input that reaches code
-- that none before it reached is kept, and changed further; constants that the code compares with
-- are tried. An exception ends a run: its input is a
-- crash, and crashes at one place are told once. At the end the program goes on with its own call.
--
-- What memory cannot take back stays: files that were written, and memory that was mapped. A
-- function that would end the process makes a run fail, which is told.
local text = require "text"
local place = panda.arg("function", "", "the function to test")
local position = panda.arg("arg", 1, "which of its arguments points to the input")
local length = panda.arg("len", 2, "which argument is the length; 0: the input is a text")
local runs = panda.arg("n", 1000, "calls to make")
local seed = panda.arg("seed", 1, "where the changes begin")
local longest = panda.arg("max", 4096, "bytes of an input at most")
local folder = panda.arg("crashes", "", "directory for inputs that crash the function")

-- random is a number below n, by xorshift (Marsaglia, 2003): a run can be repeated.
local state = 2 * seed + 1
local function random(n)
  state = bit.bxor(state, bit.lshift(state, 13))
  state = bit.bxor(state, bit.rshift(state, 7))
  state = bit.bxor(state, bit.lshift(state, 17))
  return bit.rshift(state, 33) % n
end

local function splice(s, at, drop, put) return s:sub(1, at) .. put .. s:sub(at + drop + 1) end

-- constants are the bytes of numbers that the code compares with, which an input may have to hold.
local constants = {}

local function byte()
  if #constants > 0 and random(2) == 0 then return constants[random(#constants) + 1] end
  return string.char(length == 0 and 1 + random(255) or random(256))
end

local changes = {
  function(s) local at = random(#s) return splice(s, at, 1, byte()) end,
  function(s) local at = random(#s) return splice(s, at, 1, string.char(bit.bxor(s:byte(at + 1), bit.lshift(1, random(8))))) end,
  function(s) return splice(s, random(#s + 1), 0, byte():rep(1 + random(8))) end,
  function(s) return splice(s, random(#s), 1 + random(4), "") end,
  function(s) local at = random(#s) return splice(s, random(#s + 1), 0, s:sub(at + 1, at + 1 + random(16))) end,
  function(s) local at = random(#s) return splice(s, at, 1, ("\255\127\128\1"):sub(random(4) + 1):sub(1, 1)) end,
}

local function changed(s)
  for _ = 0, random(4) do
    s = #s > 0 and changes[random(#changes) + 1](s) or byte()
  end
  s = s:sub(1, longest)
  return length == 0 and s:gsub("%z", "\1") or s
end

-- learn looks for comparisons with constants in a block that is reached for the first time.
local function learn(cpu, tb)
  for line in cpu:disas(tb.pc, tb.insns):gmatch("[^\n]+") do
    local n = line:match("^cmp .*, 0x(%x+)$")
    n = n and u64("0x" .. n) or 0
    if n > 0 and n < 0x100000000 then
      local s = string.pack("<I4", n):gsub("%z+$", "")
      if not constants[s] then constants[s], constants[#constants + 1] = true, s end
    end
  end
end

local seen, places = {}, 0 -- code that was reached, by address
local fresh                -- this run reached something new
local written              -- what this run overwrote, in its order
local fault                -- the exception of this run, with its place
local busy = false
local crashes, told, failures = 0, {}, {}

local watch = {
  panda.on("before_block_exec", function(cpu, tb)
    if busy and not seen[tb.pc] then
      seen[tb.pc], places, fresh = true, places + 1, true
      learn(cpu, tb)
    end
  end),
  panda.on("virt_mem_before_write", function(cpu, _, at, size)
    if busy then written[#written + 1] = { at, cpu:read(at, size) } end
  end),
}

local function rest() for _, w in ipairs(watch) do w:disable() end end
rest()

local function crashed(input)
  crashes = crashes + 1
  local key = fault[1]:gsub("0x%x+", "") .. fault[2]
  if told[key] then return end
  told[key] = true
  local name = ""
  if folder ~= "" then
    assert(os.mkdir(folder))
    name = string.format("%s/crash-%d", folder, crashes)
    local f = assert(io.open(name, "wb"))
    f:write(input)
    f:close()
    name = ", in " .. name
  end
  print(string.format("fuzz: %s, at %s with %s%s", fault[1], fault[2], text.quote(input, 40), name))
end

-- once makes one run, and takes back what it did.
local function once(cpu, start, input)
  local args = { table.unpack(start.args) }
  local at = start.buffer
  args[position] = at
  if length > 0 then args[length] = #input end
  local before = cpu:read(at, #input + 1)
  if not before then return end
  cpu:write(at, input .. (length == 0 and "\0" or ""))
  written, fresh, fault, busy = {}, false, nil, true
  local ok, err = panda.call(start.pc, table.unpack(args))
  busy = false
  for i = #written, 1, -1 do cpu:write(written[i][1], written[i][2]) end
  cpu:write(at, before)
  local at_pc, what = tostring(err):match("failed at pc (0x%x+): (.*)$")
  if not ok and at_pc then
    fault = { what, cpu:symbol(u64(at_pc)) or at_pc }
    crashed(input)
  elseif not ok then failures[err] = (failures[err] or 0) + 1 end
end

local handle

local watching

-- campaign serves the first instruction. Its block was translated before anybody
-- watched what it writes, so the instruction begins again, once.
local function campaign(cpu)
  if not watching then
    watching = true
    for _, w in ipairs(watch) do w:enable() end
    cpu.pc = cpu.pc
    return
  end
  handle:disable()
  local start = { pc = cpu.pc, args = {} }
  for i = 1, 6 do start.args[i] = cpu:arg(i) or 0 end
  local at = start.args[position]
  local first = length > 0 and cpu:read(at, math.min(start.args[length], longest)) or cpu:str(at, longest)
  if not first then
    print("fuzz: argument " .. position .. " is no address that can be read")
    return rest()
  end
  -- Inputs lie far below the stack: they may be longer than the program's own.
  start.buffer = bit.band(cpu.sp - 65536 - longest, bit.bnot(15))
  local queue = { first }
  once(cpu, start, first)
  for i = 2, runs do
    -- What was kept last is nearest to code that nothing has reached yet.
    local input = changed(queue[random(2) == 0 and #queue or random(#queue) + 1])
    once(cpu, start, input)
    if fresh and not fault then queue[#queue + 1] = input end
  end
  rest()
  print(string.format("fuzz: %s of %s, %s kept, %s, %s", text.count(runs, "run"), place, text.count(#queue, "input"),
    text.count(places, "block"), text.count(crashes, "crash"):gsub("crashs", "crashes")))
  for _, err in ipairs(table.keys(failures)) do print(string.format("fuzz: %s: %s", text.count(failures[err], "run"), err)) end
end

function init_plugin()
  if place == "" then error("fuzz: function= names the function to test", 0) end
  handle = panda.on("insn_exec", tonumber(place) and { pc = tonumber(place) } or { symbol = place:match("[^!]*$"), module = place:match("^(.*)!") }, campaign)
end

function uninit_plugin()
  if handle.hits == 0 then print("fuzz: " .. place .. " was not called") end
end
