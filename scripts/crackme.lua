-- crackme: find a text that a function of the program accepts, by counting instructions
-- Arguments: function=    the function that checks: a symbol, an address, or file!symbol (required)
--            arg=1        which of its arguments points to the text
--            length=0     characters of the text; 0: as many as it is given
--            charset=     characters to try; printable ones by default
--            want=        result of the function that means success; by default any other than that
--                         for the text which it is given
-- Events:    insn_exec where the function begins and returns (panda.hook); virt_mem_before_write
-- Example:   panda -panda crackme:function=check ./program AAAA
--
-- How it works: when the program calls the function, the script lets it run again and again within
-- this one run. Each time it puts a text into the buffer, and when the function returns it takes
-- back what the function wrote to memory, and makes the general registers what they were at the
-- call. For each position, from the first, it takes the character with which most instructions were
-- executed: a check that compares character by character and ends at the first wrong one runs
-- longer with a right one. When a text is accepted, it stays in the buffer, and the program goes on
-- with it.
--
-- It fails where time tells nothing (a check that compares everything before it answers, or
-- compares a hash), where positions are not checked in their order, and where the function
-- does not return for a wrong text. System calls within the function are really made again. For a
-- check that is spread over main, run the program once for each text, and compare
-- panda -e 'panda.count{on="insn_exec"}'.
local text = require "text"
local place = panda.arg("function", "", "the function that checks")
local position = panda.arg("arg", 1, "which of its arguments points to the text")
local length = panda.arg("length", 0, "characters of the text")
local charset = panda.arg("charset", "", "characters to try")
local want = panda.arg("want", "", "result that means success")

local LONGEST = 4096
if charset == "" then
  for c in ("azAZ09__!/:@[^``{~  "):gmatch("..") do
    for b = c:byte(1), c:byte(2) do charset = charset .. string.char(b) end
  end
end

local start    -- the call: {regs, pc, sp, tid, buffer, given, icount}
local written  -- what the function overwrote, in its order
local known    -- the characters found
local try      -- index of the character on trial, 0 for the text that was given
local scores   -- instructions by character
local refused  -- the result for the text that was given
local last     -- nothing is left to try: the call is made as the program made it
local runs = 0
local handle, journal

local function candidate(c) return known .. c .. string.rep(charset:sub(-1), length - #known - 1) end

-- again goes back to the call, with another text.
local function again(cpu, s)
  for i = #written, 1, -1 do cpu:write(written[i][1], written[i][2]) end
  written = {}
  for name, value in pairs(start.regs) do cpu:reg(name, value) end
  cpu:write(start.buffer, s .. "\0")
  start.icount = nil
  cpu.pc = start.pc
end

local function finish(result)
  print(string.format("crackme: %s after %s of %s", result, text.count(runs, "run"), place))
  start = nil
  handle:disable()
  journal:disable()
end

-- best is the character that stands out; nil when all are alike.
local function best()
  local top, least, char = -1, math.huge, nil
  for i = 1, #charset do
    local c = charset:sub(i, i)
    if scores[c] > top then top, char = scores[c], c end
    least = math.min(least, scores[c])
  end
  return top > least and char or nil
end

-- next_text chooses what to try now; nil when nothing is left.
local function next_text()
  try = try + 1
  if try > #charset then
    local c = best()
    if not c then return nil end
    known, scores, try = known .. c, {}, 1
  end
  if #known == length then return nil end
  return candidate(charset:sub(try, try))
end

local function accepted(ret)
  if want ~= "" then return ret == bit.band(tonumber(want), 0xffffffff) end
  return refused and ret ~= refused
end

local hook = {}

-- begin notes the call. The code that is about to run was translated without the
-- callback that notes writes, so the call is left at once, and then made again.
local function begin(cpu)
  local at = cpu:arg(position)
  local given = cpu:str(at, LONGEST)
  if not given then return end
  if length == 0 then length = #given end
  start = { regs = cpu:regs(), pc = cpu.pc, sp = cpu.sp, tid = cpu.tid, buffer = at, given = given }
  written, known, scores, try = {}, "", {}, 0
  journal = panda.on("virt_mem_before_write", function(cpu, _, at, size)
    if cpu.tid == start.tid then written[#written + 1] = { at, cpu:read(at, size) } end
  end)
  panda.on("insn_exec", { pc = hook.caller, once = true }, function(cpu) again(cpu, given) end)
  return 0
end

function hook.enter(cpu)
  if not start then return begin(cpu) end
  if cpu.tid == start.tid and cpu.sp == start.sp then start.icount, runs = cpu.icount, runs + 1 end
end

function hook.leave(cpu, ret)
  if not start or not start.icount or cpu.tid ~= start.tid or cpu.sp ~= start.sp + cpu.bits / 8 then return end
  if last then return finish("stuck after " .. text.quote(known, LONGEST)) end
  ret = bit.band(ret, 0xffffffff)
  if accepted(ret) then return finish("found " .. text.quote(cpu:str(start.buffer, LONGEST), LONGEST)) end
  if try == 0 then refused = ret else scores[charset:sub(try, try)] = cpu.icount - start.icount end
  local s = next_text()
  last = not s
  again(cpu, s or start.given)
end

function init_plugin()
  if place == "" then error("crackme: function= names the function that checks", 0) end
  handle = panda.hook(tonumber(place) or place, hook)
end

function uninit_plugin()
  if not journal then print("crackme: " .. place .. " was not called") end
end
