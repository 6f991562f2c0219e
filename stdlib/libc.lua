-- libc: the signatures of common functions of the C library, and calls of them
-- as text.
--
--   local call = libc.call(cpu, "puts@plt", arg)   arg(i) gives argument i
--   call:text()                                    'puts("hello")'
--   call:text(cpu, ret)                            the same with buffers that the call filled
--   call:result(cpu, ret)                          "6"
local text = require "text"
local libc = { longest = 32, unknown = 3 } -- bytes shown of a string; arguments shown of other functions

-- Types of arguments and results. string is text to read, format a text after
-- which the arguments come that it asks for, bytes(n) as many bytes as argument
-- n says, out what the call filled with as many bytes as its result says,
-- filled what it filled with text.
local prototypes = [[
int puts(string)                         int putchar(char)
int fputs(string, ptr)                   int fputc(char, ptr)
int putc(char, ptr)                      int ungetc(char, ptr)
int printf(format, ...)                  int fprintf(ptr, format, ...)
int dprintf(int, format, ...)            int sprintf(filled, format, ...)
int snprintf(filled, size, format, ...)  int vprintf(string, ptr)
int vfprintf(ptr, string, ptr)           int vsnprintf(filled, size, string, ptr)
int asprintf(ptr, format, ...)           int perror(string)
int __printf_chk(int, format, ...)       int __fprintf_chk(ptr, int, format, ...)
int __dprintf_chk(int, int, format, ...) int __asprintf_chk(ptr, int, format, ...)
int __sprintf_chk(filled, int, size, format, ...)
int __snprintf_chk(filled, size, int, size, format, ...)
int __vfprintf_chk(ptr, int, string, ptr)
int scanf(string, ptr)                   int fscanf(ptr, string, ptr)
int sscanf(string, string, ptr)          string gets(filled)
string fgets(filled, int, ptr)           int fgetc(ptr)
int getc(ptr)                            int getchar()
long getline(ptr, ptr, ptr)              long getdelim(ptr, ptr, char, ptr)
ptr fopen(string, string)                ptr fdopen(int, string)
ptr freopen(string, string, ptr)         int fclose(ptr)
size fread(ptr, size, size, ptr)         size fwrite(ptr, size, size, ptr)
int fseek(ptr, long, int)                long ftell(ptr)
int fflush(ptr)                          int feof(ptr)
int ferror(ptr)                          int fileno(ptr)
int setvbuf(ptr, ptr, int, size)         int remove(string)
ptr malloc(size)                         ptr calloc(size, size)
ptr realloc(ptr, size)                   ptr reallocarray(ptr, size, size)
void free(ptr)                           ptr aligned_alloc(size, size)
size strlen(string)                      size strnlen(string, size)
int strcmp(string, string)               int strncmp(string, string, size)
int strcasecmp(string, string)           int strncasecmp(string, string, size)
int strcoll(string, string)              ptr strdup(string)
ptr strndup(string, size)                ptr strcpy(filled, string)
ptr strncpy(filled, string, size)        ptr stpcpy(filled, string)
ptr strcat(filled, string)               ptr strncat(filled, string, size)
string strchr(string, char)              string strrchr(string, char)
string strstr(string, string)            string strpbrk(string, string)
size strspn(string, string)              size strcspn(string, string)
string strtok(string, string)            string strsep(ptr, string)
string strerror(int)                     string strsignal(int)
ptr __strcpy_chk(filled, string, size)   ptr __strcat_chk(filled, string, size)
ptr __memcpy_chk(ptr, bytes(3), size, size)
ptr memcpy(ptr, bytes(3), size)          ptr memmove(ptr, bytes(3), size)
ptr mempcpy(ptr, bytes(3), size)         ptr memset(ptr, hex, size)
int memcmp(bytes(3), bytes(3), size)     ptr memchr(bytes(3), hex, size)
int atoi(string)                         long atol(string)
double atof(string)                      double strtod(string, ptr)
long strtol(string, ptr, int)            size strtoul(string, ptr, int)
long strtoll(string, ptr, int)           size strtoull(string, ptr, int)
int abs(int)                             int rand()
void srand(uint)                         void qsort(ptr, size, size, ptr)
int toupper(char)                        int tolower(char)
string getenv(string)                    string secure_getenv(string)
int setenv(string, string, int)          int unsetenv(string)
int putenv(string)                       string setlocale(int, string)
string bindtextdomain(string, string)    string textdomain(string)
string gettext(string)                   string dcgettext(string, string, int)
string nl_langinfo(hex)                  void exit(int)
void _exit(int)                          void abort()
int atexit(ptr)                          int __cxa_atexit(ptr, ptr, ptr)
int system(string)                       ptr popen(string, string)
int pclose(ptr)                          int execve(string, ptr, ptr)
int execvp(string, ptr)                  int execv(string, ptr)
int fork()                               int vfork()
int wait(ptr)                            int waitpid(int, ptr, int)
int getpid()                             int getppid()
int getuid()                             int geteuid()
int kill(int, int)                       int raise(int)
ptr signal(int, ptr)                     int sigaction(int, ptr, ptr)
int open(string, hex, octal)             int openat(int, string, hex, octal)
int __open_2(string, hex)                int creat(string, octal)
int close(int)                           long read(int, out, size)
long __read_chk(int, out, size, size)    long write(int, bytes(3), size)
long pread(int, out, size, long)         long pwrite(int, bytes(3), size, long)
long lseek(int, long, int)               int dup(int)
int dup2(int, int)                       int pipe(ptr)
int ioctl(int, hex, ptr)                 int fcntl(int, int, hex)
int access(string, octal)                int unlink(string)
int rename(string, string)               int mkdir(string, octal)
int rmdir(string)                        int chdir(string)
int chmod(string, octal)                 int isatty(int)
int stat(string, ptr)                    int lstat(string, ptr)
int fstat(int, ptr)                      string getcwd(filled, size)
ptr opendir(string)                      ptr readdir(ptr)
int closedir(ptr)                        long readlink(string, out, size)
string realpath(string, ptr)             string basename(string)
ptr mmap(ptr, size, hex, hex, int, long) int munmap(ptr, size)
int mprotect(ptr, size, hex)             int socket(int, int, int)
int connect(int, ptr, int)               int bind(int, ptr, int)
int listen(int, int)                     int accept(int, ptr, ptr)
long send(int, bytes(3), size, hex)      long recv(int, out, size, hex)
int getaddrinfo(string, string, ptr, ptr)
ptr dlopen(string, hex)                  ptr dlsym(ptr, string)
long time(ptr)                           uint sleep(uint)
int usleep(uint)                         int nanosleep(ptr, ptr)
int gettimeofday(ptr, ptr)               int clock_gettime(int, ptr)
long ptrace(long, long, ptr, ptr)        int prctl(int, hex, hex, hex, hex)
double sqrt(double)                      double sin(double)
double cos(double)                       double tan(double)
double exp(double)                       double log(double)
double pow(double, double)               double floor(double)
double ceil(double)                      double fabs(double)
ptr pthread_self()                       int pthread_create(ptr, ptr, ptr, ptr)
int pthread_join(ptr, ptr)               int pthread_mutex_lock(ptr)
int pthread_mutex_unlock(ptr)            ptr __errno_location()
ptr __ctype_b_loc()                      void __stack_chk_fail()
]]

local signatures = {}
for result, name, args in prototypes:gmatch("(%w+) ([%w_]+)(%b())") do
  local types = {}
  for t in args:sub(2, -2):gmatch("[^,%s]+") do types[#types + 1] = t end
  signatures[name] = { name = name, result = result, args = types }
end

local prefixes = { "^_IO_", "^__libc_", "^__isoc%d+_", "^__" }

-- name is the name that programs write for a symbol: puts for _IO_puts, and
-- malloc for malloc@plt.
function libc.name(symbol)
  local name = symbol:gsub("@.*$", ""):gsub("%+0x%x+$", "")
  for _, prefix in ipairs(prefixes) do
    local short = name:gsub(prefix, "")
    if not signatures[name] and signatures[short] then return short end
  end
  return name
end

-- signature is {name, result, args} of a function, nil if it is not known.
function libc.signature(symbol)
  local name = libc.name(symbol)
  return signatures[name] or signatures[name:gsub("64$", ""):gsub("_unlocked$", "")]
end

local function pointer(v) return v == 0 and "NULL" or hex(v) end

local function quoted(cpu, v) return text.at(cpu, v, libc.longest) end

local function memory(cpu, v, n)
  local s = cpu:read(v, math.min(n, libc.longest + 1))
  return s and text.quote(s, libc.longest) or pointer(v)
end

local function character(v)
  local c = int(v, 32)
  if c < 32 or c > 126 then return tostring(c) end
  return "'" .. string.char(c) .. "'"
end

-- show writes a value of each type.
local show = {
  int = function(_, v) return tostring(int(v, 32)) end,
  uint = function(_, v) return tostring(bit.band(v, 0xffffffff)) end,
  long = function(cpu, v) return tostring(int(v, cpu.bits)) end,
  size = function(_, v) return string.format("%d", v) end,
  hex = function(_, v) return hex(bit.band(v, 0xffffffff)) end,
  octal = function(_, v) return string.format("0%o", bit.band(v, 0xffff)) end,
  char = function(_, v) return character(v) end,
  ptr = function(_, v) return pointer(v) end,
  double = function(_, v) return string.format("%.6g", (string.unpack("<d", string.pack("<I8", v)))) end,
  string = quoted,
  format = quoted,
  out = function(_, v) return pointer(v) end,
  filled = function(_, v) return pointer(v) end,
  void = function() return "<void>" end,
}

-- conversions of printf, by their last letter; l, z, j and t make int long.
local conversions = { d = "int", i = "int", u = "uint", o = "uint", x = "hex", X = "hex", c = "char", s = "string", p = "ptr", n = "ptr" }
for c in ("aAeEfFgG"):gmatch(".") do conversions[c] = "double" end
local wide = { int = "long", uint = "size", hex = "ptr" }

-- formatted lists the types of the arguments that a format asks for.
function libc.formatted(format)
  local types = {}
  for flags, length, letter in format:gsub("%%%%", ""):gmatch("%%([-+ #0'%d.*]*)([hlLqjzt]*)(%a)") do
    for _ in flags:gmatch("%*") do types[#types + 1] = "int" end
    local t = conversions[letter]
    if not t or length == "L" then break end -- what follows is not known
    types[#types + 1] = length:find("[lqjzt]") and wide[t] or t
  end
  return types
end

local call = {}
call.__index = call

-- take reads the next argument: doubles come in registers of their own.
function call:take(cpu, type)
  local v
  if type == "double" and cpu.bits == 64 then
    v = cpu:reg("xmm" .. self.doubles)
    self.doubles = self.doubles + 1
  else
    self.taken = self.taken + 1
    v = self.arg(self.taken)
    if type == "double" then
      self.taken = self.taken + 1
      v = v + bit.lshift(self.arg(self.taken), 32)
    end
  end
  self.types[#self.types + 1], self.values[#self.values + 1] = type, v
  return v
end

-- call reads the arguments of a call at the function's first instruction. Texts
-- are read at once, for the call may change them.
function libc.call(cpu, symbol, arg)
  local s = libc.signature(symbol)
  local c = setmetatable({ name = libc.name(symbol), signature = s, arg = arg, types = {}, values = {}, taken = 0, doubles = 0 }, call)
  if not s then
    for _ = 1, libc.unknown do c:take(cpu, "ptr") end
  else
    for _, t in ipairs(s.args) do
      if t == "..." then break end
      local v = c:take(cpu, t)
      if t == "format" then
        for _, more in ipairs(libc.formatted(cpu:str(v) or "")) do c:take(cpu, more) end
      end
    end
  end
  c.shown = {}
  for i, t in ipairs(c.types) do
    local count = t:match("^bytes%((%d+)%)$")
    c.shown[i] = count and memory(cpu, c.values[i], c.values[tonumber(count)]) or show[count and "ptr" or t](cpu, c.values[i])
  end
  return c
end

-- text is the call as in C; with the result also what the call filled.
function call:text(cpu, ret)
  local shown = {}
  for i, s in ipairs(self.shown) do
    shown[i] = s
    local t, v = self.types[i], self.values[i]
    if ret and t == "filled" then
      shown[i] = quoted(cpu, v)
    elseif ret and t == "out" and int(ret, cpu.bits) >= 0 then
      shown[i] = memory(cpu, v, ret)
    end
  end
  return self.name .. "(" .. table.concat(shown, ", ") .. ")"
end

function call:result(cpu, ret)
  local t = self.signature and self.signature.result or "ptr"
  if t == "double" and cpu.bits == 64 then ret = cpu:reg("xmm0") end
  if t == "double" and cpu.bits == 32 then return "?" end -- it is in st0
  return show[t](cpu, ret)
end

return libc
