// Linux calls that Swift's Glibc module leaves out.
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timex.h>

// prctl is variadic, so Swift cannot call it. The kernel keeps the first 15 bytes.
static inline int hatang_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

// Declared by glibc for GNU sources only.
extern int pipe2(int ends[2], int flags);
