// Linux calls that Swift's Glibc module leaves out.
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

// prctl is variadic, so Swift cannot call it. The kernel keeps the first 15 bytes.
static inline int hatang_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

// To the kernel, users and groups are a thread's. glibc's own calls change those of all threads
// (nptl(7)); these change the calling one alone. syscall is variadic, so Swift cannot call it.
static inline long hatang_thread_setgroups(size_t count, const gid_t *groups) {
  return syscall(SYS_setgroups, count, groups);
}
static inline long hatang_thread_setgid(gid_t group) {
  return syscall(SYS_setresgid, group, group, group);
}
static inline long hatang_thread_setuid(uid_t user) {
  return syscall(SYS_setresuid, user, user, user);
}

// Declared by glibc for GNU sources only.
extern int pipe2(int ends[2], int flags);
