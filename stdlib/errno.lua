-- errno: the names of Linux's error numbers.
local errno = {}

local names = [[
EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV
ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK
ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP]]

local list = {}
for name in names:gmatch("%S+") do list[#list + 1] = name end

-- name gives "ENOENT" for 2, and the number itself for one that it does not know.
function errno.name(n) return list[n] or tostring(n) end

return errno
