/* The uplink of `make bench-peers`: a TCP relay on loopback that counts the bytes of both ways.
 *
 *     proxy LISTEN_PORT TARGET_PORT COUNTER_FILE
 *
 * The file holds two 64-bit integers, bytes to the target and bytes back. Ended, it is an uplink
 * that is away; started again, it goes on counting.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS = 32, ROOM = 262144 };

/* One way of a connection. */
struct way {
  size_t begin, end;
  char bytes[ROOM];
};

/* ends[0] is the client, ends[1] the target; ways[i] carries what came from ends[i]. */
static struct pair {
  int ends[2];
  struct way ways[2];
} *pairs[PAIRS];

static struct sockaddr_in loopback(const char *port) {
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void accept_one(int listener, const char *port) {
  int client = accept(listener, NULL, NULL);
  if (client < 0) return;
  int target = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  /* So that the relay adds no delay of its own. */
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(target, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  struct sockaddr_in address = loopback(port);
  for (int i = 0; i < PAIRS; i++) {
    if (pairs[i]) continue;
    if (connect(target, (struct sockaddr *)&address, sizeof address)) break;
    fcntl(client, F_SETFL, O_NONBLOCK);
    fcntl(target, F_SETFL, O_NONBLOCK);
    if (!(pairs[i] = calloc(1, sizeof *pairs[i]))) die("memory");
    pairs[i]->ends[0] = client;
    pairs[i]->ends[1] = target;
    return;
  }
  close(client);
  close(target);
}

/* Moves what can be moved one way; 0 when the connection is over. */
static int move(struct pair *pair, int side, int64_t *counter) {
  struct way *way = &pair->ways[side];
  if (way->begin == way->end) {
    ssize_t got = recv(pair->ends[side], way->bytes, ROOM, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return 0;
    if (got < 0) return 1;
    way->begin = 0;
    way->end = (size_t)got;
    *counter += got;
  }
  ssize_t sent = send(
      pair->ends[!side], way->bytes + way->begin, way->end - way->begin, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  way->begin += (size_t)sent;
  return 1;
}

int main(int count, char **words) {
  if (count != 4) {
    fprintf(stderr, "Usage: proxy LISTEN_PORT TARGET_PORT COUNTER_FILE\n");
    return 64;
  }
  int file = open(words[3], O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, 16)) die(words[3]);
  int64_t *counters = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (counters == MAP_FAILED) die("mmap");
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = loopback(words[1]);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 16))
    die("listen");
  for (;;) {
    struct pollfd waits[1 + 2 * PAIRS] = {{listener, POLLIN, 0}};
    for (int i = 0; i < PAIRS; i++) {
      for (int side = 0; side < 2; side++) {
        struct pollfd *wait = &waits[1 + 2 * i + side];
        wait->fd = pairs[i] ? pairs[i]->ends[side] : -1;
        if (!pairs[i]) continue;
        struct way *in = &pairs[i]->ways[side], *out = &pairs[i]->ways[!side];
        wait->events = (short)((in->begin == in->end ? POLLIN : 0) |
                               (out->begin != out->end ? POLLOUT : 0));
      }
    }
    if (poll(waits, 1 + 2 * PAIRS, -1) < 0 && errno != EINTR) die("poll");
    for (int i = 0; i < PAIRS; i++) {
      if (!pairs[i] || !(waits[1 + 2 * i].revents | waits[2 + 2 * i].revents)) continue;
      if (move(pairs[i], 0, &counters[0]) && move(pairs[i], 1, &counters[1])) continue;
      close(pairs[i]->ends[0]);
      close(pairs[i]->ends[1]);
      free(pairs[i]);
      pairs[i] = NULL;
    }
    if (waits[0].revents) accept_one(listener, words[2]);
  }
}
