// Plays a machine's clock to one program (LD_PRELOAD), for tests: the time of day, the time since
// the start, whether the kernel takes its clock for synchronised, and which boot this is. The file
// that PLAYED_CLOCK names is mapped, so a test changes what a running program sees by writing it.
//
//   cc -shared -fPIC -O1 -o played-clock.so tools/played-clock.c
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct played {
  int64_t wall_ms;        // added to CLOCK_REALTIME
  int64_t boot_ms;        // added to CLOCK_BOOTTIME
  int64_t synchronised;   // 0, 1
  char boot_id[40];       // as in /proc, 37 bytes with the line's end
};

static const volatile struct played *played;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("PLAYED_CLOCK");
  int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *map = mmap(NULL, sizeof(struct played), PROT_READ, MAP_SHARED, file, 0);
  if (map != MAP_FAILED) played = map;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result != 0 || !played) return result;
  int64_t ms = 0;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) ms = played->wall_ms;
  if (clock == CLOCK_BOOTTIME) ms = played->boot_ms;
  int64_t nanoseconds = now->tv_nsec + ms % 1000 * 1000000;
  int64_t carry = nanoseconds < 0 ? -1 : nanoseconds / 1000000000;
  now->tv_nsec = nanoseconds - carry * 1000000000;
  now->tv_sec += ms / 1000 + carry;
  return 0;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

int adjtimex(struct timex *facts) {
  int result = (int)syscall(SYS_adjtimex, facts);
  if (result < 0 || !played) return result;
  if (!played->synchronised) {
    facts->status |= STA_UNSYNC;
    return TIME_ERROR;
  }
  facts->status &= ~STA_UNSYNC;
  return TIME_OK;
}

static int opened(const char *path, int flags, mode_t mode) {
  if (!played || strcmp(path, "/proc/sys/kernel/random/boot_id") != 0)
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  char id[40];
  for (size_t i = 0; i < sizeof id; i++) id[i] = played->boot_id[i];
  int file = memfd_create("boot_id", MFD_CLOEXEC);
  if (file < 0) return file;
  if (write(file, id, 37) != 37 || lseek(file, 0, SEEK_SET) != 0) return -1;
  return file;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return opened(path, flags | O_LARGEFILE, mode);
}
