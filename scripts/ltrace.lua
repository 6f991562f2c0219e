-- ltrace: print the calls of imported functions with their arguments and results
-- Arguments: calls=*    functions, patterns divided by |, such as str*|mem*; with a file before
--                       them, as libc.so.6!mem*, all calls of the file's functions are told,
--                       under the names of its symbols
--            from=      file whose calls are told, a pattern; the program itself by default.
--                       Its calls go through its procedure linkage table: a program that was
--                       built without one (-fno-plt) shows none
--            file=      print to this file instead
-- Events:    insn_exec at the first instruction of functions and where they return (panda.hook)
-- Example:   panda -panda ltrace:calls='str*|getenv' /bin/ls
local libc = require "libc"
local calls = panda.arg("calls", "*", "functions, patterns divided by |")
local from = panda.arg("from", "", "file whose calls are told; the program itself by default")
local file = panda.arg("file", "", "print to this file instead")
local out = file ~= "" and assert(io.open(file, "w")) or io.stderr

local first = panda.cpu.tid
local threads = {} -- the calls in progress of each thread, the innermost last

local function line(tid, text)
  out:write(tid == first and "" or string.format("[%d] ", tid), text, "\n")
end

-- drop forgets calls that were left without a return: whose stack is gone.
local function drop(open, sp)
  while #open > 0 and open[#open].sp < sp do table.remove(open) end
end

local hook = {}

function hook.enter(cpu)
  threads[cpu.tid] = threads[cpu.tid] or {}
  local open = threads[cpu.tid]
  drop(open, cpu.sp)
  local outer = open[#open]
  if outer and not outer.cut then
    outer.cut = true
    line(cpu.tid, outer.call:text() .. " <unfinished ...>")
  end
  local call = libc.call(cpu, cpu:symbol(), function(i) return cpu:arg(i) or 0 end)
  open[#open + 1] = { sp = cpu.sp, call = call, pid = cpu.pid }
end

function hook.leave(cpu, ret)
  local open = threads[cpu.tid] or {}
  drop(open, cpu.sp - cpu.bits / 8)
  local c = table.remove(open)
  if not c then return end
  local text = c.cut and "<... " .. c.call.name .. " resumed>" or c.call:text(cpu, ret)
  line(cpu.tid, text .. " = " .. c.call:result(cpu, ret))
end

-- Calls in which the process ended.
panda.on("process_exit", function(cpu, pid)
  for _, tid in ipairs(table.keys(threads)) do
    local open = threads[tid]
    for i = #open, 1, -1 do
      if open[i].pid == pid then
        local text = open[i].cut and "<... " .. open[i].call.name .. " resumed>" or open[i].call:text()
        line(tid, text .. " <no return ...>")
        open[i] = nil
      end
    end
  end
end)

local hooked, handles = {}, {} -- by module; by pattern a list

local function watch(module)
  if hooked[module] then return end
  hooked[module] = true
  for _, pattern in ipairs(string.split(calls, "|", true)) do
    local h = panda.hook(pattern:find("!", 1, true) and pattern or module .. "!" .. pattern .. "@plt", hook)
    handles[pattern] = handles[pattern] or {}
    table.insert(handles[pattern], h)
  end
end

if from ~= "" or calls:find("!", 1, true) then
  watch(from)
else
  watch(panda.modules()[1].name)
  panda.on("process_start", function(cpu, pid, path) watch(path:match("[^/]*$")) end)
end

function uninit_plugin()
  for _, pattern in ipairs(table.keys(handles)) do
    local hits = 0
    for _, h in ipairs(handles[pattern]) do hits = hits + h.hits end
    if hits == 0 then out:write("ltrace: no call of ", pattern, ": none was made, or no function that is called has this name\n") end
  end
end
