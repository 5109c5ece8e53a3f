/*
 * Loaded into a worker before the C library (LD_PRELOAD): lets one call of a kind fail, or kills the process at it. Which one is
 * read from the file that FAILING_CALLS names, which is shared with the test: see failing-calls.ts. These are the functions that
 * Node imports for files, pipes and programs (`nm -D`).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { NONE, OPEN, READ, WRITE, FSYNC, RENAME, UNLINK, MKDIR, FORK, EXEC, PIPE };

struct control {
  int32_t kind;
  /* 0: the process is killed */
  int32_t error;
  /* the first call is 1; 0: none fails, all are counted */
  int32_t at;
  int32_t seen;
  int32_t failed;
};

static struct control *control;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAILING_CALLS");
  int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (shared != MAP_FAILED) control = shared;
  /* The programs that the worker starts are left alone. */
  unsetenv("LD_PRELOAD");
}

static int fails(enum kind kind) {
  if (control == NULL || control->kind != (int32_t)kind) return 0;
  if (__atomic_add_fetch(&control->seen, 1, __ATOMIC_SEQ_CST) != control->at) return 0;
  control->failed = 1;
  if (control->error == 0) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
  errno = control->error;
  return 1;
}

static int is_file(int fd) {
  struct stat status;
  int before = errno;
  int is = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  errno = before;
  return is;
}

#define NEXT(name) \
  static __typeof__(&name) next; \
  if (next == NULL) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define MODE(flags, last) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list list; \
    va_start(list, last); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  }

int open64(const char *path, int flags, ...) {
  NEXT(open64);
  MODE(flags, flags)
  return fails(OPEN) ? -1 : next(path, flags, mode);
}

ssize_t read(int fd, void *bytes, size_t size) {
  NEXT(read);
  return control != NULL && control->kind == READ && is_file(fd) && fails(READ) ? -1 : next(fd, bytes, size);
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t at) {
  NEXT(pread64);
  return control != NULL && control->kind == READ && is_file(fd) && fails(READ) ? -1 : next(fd, bytes, size, at);
}

ssize_t write(int fd, const void *bytes, size_t size) {
  NEXT(write);
  return control != NULL && control->kind == WRITE && is_file(fd) && fails(WRITE) ? -1 : next(fd, bytes, size);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
  NEXT(pwrite64);
  return control != NULL && control->kind == WRITE && is_file(fd) && fails(WRITE) ? -1 : next(fd, bytes, size, at);
}

int fsync(int fd) {
  NEXT(fsync);
  return fails(FSYNC) ? -1 : next(fd);
}

int fdatasync(int fd) {
  NEXT(fdatasync);
  return fails(FSYNC) ? -1 : next(fd);
}

int rename(const char *from, const char *to) {
  NEXT(rename);
  return fails(RENAME) ? -1 : next(from, to);
}

int unlink(const char *path) {
  NEXT(unlink);
  return fails(UNLINK) ? -1 : next(path);
}

int rmdir(const char *path) {
  NEXT(rmdir);
  return fails(UNLINK) ? -1 : next(path);
}

int mkdir(const char *path, mode_t mode) {
  NEXT(mkdir);
  return fails(MKDIR) ? -1 : next(path, mode);
}

pid_t fork(void) {
  NEXT(fork);
  return fails(FORK) ? -1 : next();
}

int execvp(const char *file, char *const arguments[]) {
  NEXT(execvp);
  return fails(EXEC) ? -1 : next(file, arguments);
}

int pipe2(int ends[2], int flags) {
  NEXT(pipe2);
  return fails(PIPE) ? -1 : next(ends, flags);
}

int socketpair(int domain, int type, int protocol, int ends[2]) {
  NEXT(socketpair);
  return fails(PIPE) ? -1 : next(domain, type, protocol, ends);
}
