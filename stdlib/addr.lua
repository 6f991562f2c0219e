-- addr: addresses of the guest, from and to text.
local addr = {}

-- resolve gives the address that a text names: "0x401136", "main+0x10",
-- "libc.so.6!malloc", or "libc.so.6!+0x1000" for a distance from where a file
-- is mapped. It is nil as long as that is not mapped.
function addr.resolve(name)
  local base, distance = name:match("^(.*)%+(%w+)$")
  base, distance = base or name, tonumber(distance or 0)
  local at = tonumber(base)
  local file = base:match("^(.+)!$")
  if file then
    for _, m in ipairs(panda.modules()) do
      if m.name == file then at = m.start end
    end
  end
  at = at or panda.symbol(base)
  return at and distance and at + distance
end

-- name is the opposite: symbol, file or number, with the distance from it.
function addr.name(cpu, at)
  local symbol = cpu:symbol(at)
  if symbol then return symbol end
  local file, base = cpu:module(at)
  if not file then return hex(at) end
  return string.format("%s+0x%x", file:match("[^/]*$"), at - base)
end

-- pointer reads an address from memory, of the guest's width.
function addr.pointer(cpu, at)
  if cpu.bits == 32 then return cpu:u32(at) end
  return cpu:u64(at)
end

return addr
