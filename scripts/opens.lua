-- opens: list the files that each process opened, or tried to
-- Arguments: name=*      files to list, a pattern such as /etc/*
--            failed      only what could not be opened
-- Events:    syscall_enter, syscall_leave of open, openat, openat2 and creat; process_exit
-- Example:   panda -panda opens:failed /bin/ls
local errno, fds, text = require "errno", require "fds", require "text"
local name = text.glob(panda.arg("name", "*", "files to list, a pattern"))
local failed = panda.arg("failed", false, "only what could not be opened")

local files = {} -- by process: a list of {times, result, path}, and the same by result and path

local function note(cpu, path, ret)
  if not path:find(name) or failed and ret >= 0 then return end
  local mine = files[cpu.pid] or {}
  files[cpu.pid] = mine
  local result = ret >= 0 and "ok" or errno.name(-ret)
  local key = result .. " " .. path
  if not mine[key] then
    mine[key] = { 0, result, path }
    mine[#mine + 1] = mine[key]
  end
  mine[key][1] = mine[key][1] + 1
end

local function opens(cpu, ret, path) note(cpu, cpu:str(path) or "?", ret) end

panda.syscall({ "open", "creat" }, { leave = opens })
panda.syscall({ "openat", "openat2" }, {
  leave = function(cpu, ret, dir, path) note(cpu, fds.at(cpu, dir, cpu:str(path) or "?"), ret) end,
})

panda.on("process_exit", function(cpu, pid)
  local mine = files[pid]
  if not mine then return end
  files[pid] = nil
  print(string.format("%s[%d] opened %s:", cpu.comm, pid, text.count(#mine, "file")))
  io.write((text.columns(mine):gsub("[^\n]+", "  %0")))
end)
