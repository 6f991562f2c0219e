-- trace: print the calls of functions, by handlers that are files to edit
-- Arguments: include=NAME      functions to trace: FILE!FUNCTION or FUNCTION, * and ? allowed; may be
--                              given several times
--            exclude=NAME      functions to leave out, in the same way
--            dir=__handlers__  where the handlers are, a file DIR/FILE/FUNCTION.lua for each function;
--                              one that is missing is written when the function is called first
--            file=             print to this file instead
-- Events:    insn_exec at the first instruction of functions and where they return (panda.hook)
-- Example:   panda trace -i 'libc.so.6!mem*' -x 'libc.so.6!memchr' /bin/ls
--
-- A handler that is saved takes effect at the next call, under `panda trace` also while the program
-- runs. One that fails is reported and rests until it is saved again.
local libc, text = require "libc", require "text"
panda.arg("include", "", "functions to trace: FILE!FUNCTION, * and ? allowed")
panda.arg("exclude", "", "functions to leave out")
local dir = panda.arg("dir", "__handlers__", "where the handlers are")
local file = panda.arg("file", "", "print to this file instead")
local out = file ~= "" and assert(io.open(file, "w")) or io.stderr

local function patterns(key)
  local list = {}
  for _, a in ipairs(panda.get_args()) do
    if a.key == key then
      local module, name = a.value:match("^(.*)!(.*)$")
      list[#list + 1] = { module = module or "*", name = name or a.value }
    end
  end
  return list
end

local function matches(list, module, name)
  for _, p in ipairs(list) do
    if module:find(text.glob(p.module)) and name:find(text.glob(p.name)) then return true end
  end
  return false
end

local include, exclude = patterns("include"), patterns("exclude")
local handlers = {} -- by module!name: {path, source, enter, leave}, or false for one left out
local by_path = {}

-- How a handler shows an argument of a type of libc's signatures.
local shown = {
  string = { "%s", "text.at(cpu, %s)" }, format = { "%s", "text.at(cpu, %s)" },
  int = { "%d", "int(%s, 32)" }, uint = { "%d", "bit.band(%s, 0xffffffff)" }, char = { "%d", "int(%s, 32)" },
  long = { "%d", "int(%s, cpu.bits)" }, size = { "%d", "%s" },
}

local function template(module, name)
  local s = libc.signature(name)
  local types = s and s.args or { "ptr", "ptr", "ptr" }
  local params, formats, values = { "cpu", "log", "call" }, {}, {}
  for i, t in ipairs(types) do
    if t == "..." or i > 6 then break end
    local show, a = shown[t] or { "%s", "hex(%s)" }, "a" .. i
    params[#params + 1], formats[i], values[i] = a, show[1], ", " .. show[2]:format(a)
  end
  return string.format([[
-- %s of %s. What is saved here takes effect at the next call.
--   cpu    the CPU: cpu:text(a1), cpu:u32(a1), cpu:backtrace()
--   log    prints a line as string.format makes it, indented by the depth of the call
--   call   a table of this call alone, in which enter can leave something for leave
--   a1 …   the arguments; what enter returns becomes the result, and the call is not made
local text = require "text"
return {
  enter = function(%s)
    log("%s(%s)"%s)
  end,
  leave = function(cpu, log, call, ret)
    -- log("%s = %%s", hex(ret))
  end,
}
]], name, module, table.concat(params, ", "), name, table.concat(formats, ", "), table.concat(values), name)
end

-- adopt makes a handler of a source text, or tells why it cannot.
local function adopt(h, source)
  h.source = source
  local chunk, err = loadstring(source, h.path)
  local ok, t = nil, nil
  if chunk then
    ok, t = pcall(chunk)
    if not ok then err = t elseif type(t) ~= "table" then ok, err = false, h.path .. " returns no table" end
  end
  if not ok then return print("trace: " .. tostring(err)) end
  h.enter, h.leave = t.enter, t.leave
end

local function read(path)
  local f = io.open(path)
  if not f then return nil end
  local source = f:read("*a")
  f:close()
  return source
end

local function handler(module, name)
  local key = module .. "!" .. name
  if handlers[key] ~= nil then return handlers[key] end
  if matches(exclude, module, name) then
    handlers[key] = false
    return false
  end
  local folder = dir .. "/" .. module
  local h = { path = folder .. "/" .. name:gsub("/", "_") .. ".lua" }
  handlers[key], by_path[h.path] = h, h
  local source = read(h.path)
  if not source then
    source = template(module, name)
    assert(os.mkdir(folder))
    local f = assert(io.open(h.path, "w"))
    f:write(source)
    f:close()
    print("trace: wrote " .. h.path)
  end
  adopt(h, source)
  return h
end

-- reload reads a handler again from its file, if that has changed.
panda.export("reload", function(path)
  local h, source = by_path[path], read(path)
  if not h or not source or source == h.source then return false end
  adopt(h, source)
  return true
end)

local first = panda.cpu.tid
local depth = {} -- by thread: the stack pointers of the calls in progress

-- level is how many calls of the thread are in progress around one at sp.
local function level(tid, sp)
  local open = depth[tid] or {}
  depth[tid] = open
  while #open > 0 and open[#open] <= sp do table.remove(open) end
  return #open, open
end

local function logger(tid, indent)
  return function(...)
    local head = tid == first and "" or string.format("[%d] ", tid)
    out:write(head, string.rep("  ", indent), string.format(...), "\n")
  end
end

-- call runs half of a handler; what fails rests until the file is saved again.
local function call(h, half, ...)
  local ok, ret = pcall(h[half], ...)
  if ok then return ret end
  print("trace: " .. tostring(ret))
  h[half] = nil
end

local hook, traced = {}, {}

function hook.enter(cpu, a1, a2, a3, a4, a5, a6)
  local path = cpu:module() or cpu:home()
  local h = handler(path and path:match("[^/]*$") or "unknown", hook.name)
  hook.call.handler = h
  if not h then return end
  local indent, open = level(cpu.tid, cpu.sp)
  open[#open + 1] = cpu.sp
  hook.call.indent = indent
  if h.enter then return call(h, "enter", cpu, logger(cpu.tid, indent), hook.call, a1, a2, a3, a4, a5, a6) end
end

function hook.leave(cpu, ret)
  local c = hook.call
  if not c.handler then return end
  level(cpu.tid, cpu.sp - cpu.bits / 8)
  if c.handler.leave then return call(c.handler, "leave", cpu, logger(cpu.tid, c.indent), c, ret) end
end

function init_plugin()
  if #include == 0 then error("trace: include= names the functions to trace", 0) end
  for _, p in ipairs(include) do
    local name = (p.module == "*" and "" or p.module .. "!") .. p.name
    traced[#traced + 1] = { name = name, handle = panda.hook(name, hook) }
  end
end

function uninit_plugin()
  for _, t in ipairs(traced) do
    if t.handle.hits == 0 then print("trace: no call of " .. t.name .. ": none was made, or no symbol has this name") end
  end
  out:flush()
end
