-- Processes, descriptors and addresses of a running program:
-- sh -c 'exec 9</dev/null; (read x <&9); /bin/true; exit 0'
local t = require "test"
local addr, fds, processes = require "addr", require "fds", require "processes"

local first = panda.cpu.pid
local own = processes.state { make = function() return { 1 } end }
local shared = processes.state { make = function() return {} end, shared = processes.MEMORY }
own:of(first).mark, shared:of(first).mark = "first", "first"

local parents, names, vforked = {}, {}, {}
panda.on("syscall_enter", function(cpu)
  if cpu.pid == first or parents[cpu.pid] then return end
  parents[cpu.pid] = processes.parent(cpu.pid)
  own:of(cpu.pid)[1] = 2
  t.test("a child has its parent's state", function()
    t.equal(own:of(cpu.pid).mark, "first")
    t.equal(own:of(first)[1], 1)
  end)
end)
panda.syscall("read", { enter = function(cpu, fd) names[fds.name(cpu, fd)] = true end })
panda.syscall("vfork", { leave = function(_, pid) vforked[#vforked + 1] = shared:of(pid) == shared:of(first) end })
panda.syscall("fork", { leave = function(_, pid) vforked[#vforked + 1] = shared:of(pid) == shared:of(first) end })

panda.on("process_start", function(_, pid)
  own:renew(pid)
  t.test("renew", function() t.equal(own:of(pid), { 1 }) end)
end)

local last
panda.on("process_exit", function(cpu, pid)
  if pid ~= first then return end
  t.test("addresses", function()
    local here, open = panda.modules()[1], panda.symbol("libc.so.6!open")
    t.equal(addr.resolve("0x10+0x20"), 0x30)
    t.equal(addr.resolve("libc.so.6!open"), open)
    t.equal(addr.resolve("libc.so.6!open+4"), open + 4)
    t.equal(addr.resolve(here.name .. "!+0x18"), here.start + 0x18)
    t.equal({ addr.resolve("nosuch"), addr.resolve("nosuch!+1"), addr.resolve("open+x") }, {})
    t.equal(addr.name(cpu, open), cpu:symbol(open))
    t.equal(addr.name(cpu, here.start + 0x18), here.name .. "+0x18")
    t.equal(addr.name(cpu, 0x123), "0x123")
    t.equal(addr.pointer(cpu, here.start), cpu:u64(here.start))
  end)
  last = pid
end)

function uninit_plugin()
  t.test("processes", function()
    local children = 0
    for _, parent in pairs(parents) do
      t.equal(parent, first)
      children = children + 1
    end
    t.equal({ children, last, processes.parent(first) }, { 2, first })
    t.equal(vforked[#vforked], true, "vfork shares memory")
  end)
  t.test("descriptors", function() t.equal(names["/dev/null"], true) end)
  t.finish()
end
