-- malloc: report memory that is never freed, freed twice, or freed without having been allocated
-- Arguments: skip          do not make a wrong free: the program goes on
--            depth=8       calls of a stack to show, as far as frame pointers tell
--            n=20          places of leaks to show
--            file=         print to this file instead
-- Events:    the functions malloc, free and their like, found by symbol in whatever file has
--            them; syscall_enter, syscall_leave of forks; process_start, process_exit
-- Example:   panda -panda malloc:skip ./program
local addr, processes, text = require "addr", require "processes", require "text"
local skip = panda.arg("skip", false, "do not make a wrong free")
local depth = panda.arg("depth", 8, "calls of a stack to show")
local most = panda.arg("n", 20, "places of leaks to show")
local file = panda.arg("file", "", "print to this file instead")
local out = file ~= "" and assert(io.open(file, "w")) or io.stderr

local function heap() return { live = {}, freed = {}, allocs = 0, frees = 0, bytes = 0, peak = 0 } end

-- heaps: blocks are {size, stack, freed}. A block never changes once it is freed.
local heaps = processes.state {
  make = heap,
  copy = function(parent)
    local child = processes.copy(parent)
    child.live, child.freed = processes.copy(parent.live), processes.copy(parent.freed)
    return child
  end,
  shared = processes.MEMORY,
}

local function say(format, ...) out:write("malloc: ", string.format(format, ...), "\n") end

-- stack is the calls that lead to the function that runs, without itself.
local function stack(cpu)
  local names = {}
  for i, frame in ipairs(cpu:backtrace(depth + 1)) do
    if i > 1 then names[#names + 1] = addr.name(cpu, frame.pc) end
  end
  return table.concat(names, " < ")
end

local function allocated(cpu, at, size, from)
  if at == 0 then return end
  local h = heaps:of(cpu.pid)
  h.live[at], h.freed[at] = { size = size, stack = from }, nil
  h.allocs, h.bytes = h.allocs + 1, h.bytes + size
  h.peak = math.max(h.peak, h.bytes)
end

local function wrong(cpu, at, from)
  local old = heaps:of(cpu.pid).freed[at]
  if not old then
    return say("free of %s, which was not allocated\n  by        %s", hex(at), from)
  end
  say("double free of %s, %s\n  by        %s\n  freed     %s\n  allocated %s", hex(at), text.count(old.size, "byte"), from, old.freed, old.stack)
end

-- free notes that a block is free. It returns false for a wrong one.
local function free(cpu, at, from)
  local h = heaps:of(cpu.pid)
  local block = h.live[at]
  if at == 0 then return true end
  if not block then
    wrong(cpu, at, from)
    return false
  end
  h.live[at] = nil
  h.freed[at] = { size = block.size, stack = block.stack, freed = from }
  h.frees, h.bytes = h.frees + 1, h.bytes - block.size
  return true
end

-- An allocator may call another of its functions. Only the outermost call
-- counts: it is remembered by its stack pointer.
local outer = {}

local function enters(cpu)
  local sp = outer[cpu.tid]
  if sp and cpu.sp < sp then return false end
  outer[cpu.tid] = cpu.sp
  return true
end

local function leaves(cpu)
  if outer[cpu.tid] ~= cpu.sp - cpu.bits / 8 then return false end
  outer[cpu.tid] = nil
  return true
end

local stacks = {} -- of the outermost call, by thread

-- allocator hooks a function; result(cpu, ret, a, b, c) gives block and size.
local function allocator(name, result)
  panda.hook(name, {
    enter = function(cpu)
      if enters(cpu) then stacks[cpu.tid] = stack(cpu) end
    end,
    leave = function(cpu, ret, a, b, c)
      if not leaves(cpu) then return end
      local at, size = result(cpu, ret, a, b, c)
      allocated(cpu, at, size, stacks[cpu.tid])
    end,
  })
end

local function resized(size)
  return function(cpu, ret, a, b, c)
    local n = size(b, c)
    if a ~= 0 and (ret ~= 0 or n == 0) then free(cpu, a, stacks[cpu.tid]) end
    return ret, n
  end
end

local allocators = {
  malloc = function(_, ret, size) return ret, size end,
  calloc = function(_, ret, n, size) return ret, n * size end,
  realloc = resized(function(size) return size end),
  reallocarray = resized(function(n, size) return n * size end),
  memalign = function(_, ret, _, size) return ret, size end,
  aligned_alloc = function(_, ret, _, size) return ret, size end,
  valloc = function(_, ret, size) return ret, size end,
  posix_memalign = function(cpu, ret, at, _, size) return ret == 0 and addr.pointer(cpu, at) or 0, size end,
}

for _, name in ipairs(table.keys(allocators)) do allocator(name, allocators[name]) end

panda.hook("free", {
  enter = function(cpu, at)
    local sp = outer[cpu.tid]
    if sp and cpu.sp < sp then return end
    if not free(cpu, at, stack(cpu)) and skip then return 0 end
  end,
})

-- leaks lists what is live by its stack, the largest first.
local function leaks(h)
  local places, list, bytes = {}, {}, 0
  for _, block in pairs(h.live) do
    local p = places[block.stack]
    if not p then
      p = { stack = block.stack, blocks = 0, bytes = 0 }
      places[block.stack], list[#list + 1] = p, p
    end
    p.blocks, p.bytes, bytes = p.blocks + 1, p.bytes + block.size, bytes + block.size
  end
  table.sort(list, function(a, b)
    if a.bytes ~= b.bytes then return a.bytes > b.bytes end
    return a.stack < b.stack
  end)
  return list, bytes
end

panda.on("process_start", function(cpu, pid) heaps:renew(pid) end)

panda.on("process_exit", function(cpu, pid)
  local h = heaps:of(pid)
  heaps:forget(pid)
  if h.allocs == 0 then return end
  local list, bytes = leaks(h)
  say("%s[%d]: %s, %s, at most %s at a time", cpu.comm, pid, text.count(h.allocs, "allocation"), text.count(h.frees, "free"), text.count(h.peak, "byte"))
  say("%s[%d]: %s at %s not freed", cpu.comm, pid, text.count(bytes, "byte"), text.count(#list, "place"))
  for i = 1, math.min(#list, most) do
    local p = list[i]
    out:write(string.format("  %s in %s: %s\n", text.count(p.bytes, "byte"), text.count(p.blocks, "block"), p.stack))
  end
end)
