/* The floor of `make bench-peers`: the least that a forwarder with our delivery promises has to do.
 *
 * It takes what devices publish to the local broker, commits it to SQLite in groups, acknowledges
 * after the commit, sends each group as one message to the central broker and forgets it after that
 * broker's PUBACK. Payloads are neither looked at nor encoded, there is no bound, no salvage, no
 * receipt of a receiver that has committed, and a slow connect holds everything up: one thread.
 *
 * What was committed and not yet acknowledged when the program died comes again from the broker
 * under the same packet id; packet id and hash of the last WINDOW messages tell it. On the second
 * hop each message begins with a line "#first count", by which its receiver passes over what it
 * has already.
 *
 *     floor LOCAL_PORT CENTRAL_PORT FILE
 */
#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  GROUP = 1000,      /* messages in a commit: the agent's commit_messages */
  LINGER_MS = 200,   /* longest wait of a message for its commit: the agent's linger_ms */
  WINDOW = 32768,    /* messages among which a redelivery is looked for */
  INFLIGHT = 16,     /* groups without a PUBACK */
  RETRY_MS = 500,    /* between two attempts to connect */
};

struct mark {
  uint64_t hash;
  uint16_t id;
};

static volatile sig_atomic_t stopping;
static sqlite3 *database;
static sqlite3_stmt *add_group, *add_marks, *drop_marks, *next_group, *drop_group, *begin, *commit;

/* The group that is being collected. */
static char *body;
static size_t body_bytes, body_room;
static struct mark marks[GROUP];
static int mark_count, stored_count;
static int64_t next_number, group_since_ms;

/* Hashes by packet id: what came since the connection stands, and what came before it. */
static uint64_t current[65536], earlier[65536];
static int earlier_left, read_count;

/* Groups on their way. */
static struct { int id; int64_t first; int done; } flying[INFLIGHT];
static int flying_count;
static int64_t sent_through;

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void die(const char *what) {
  fprintf(stderr, "floor: %s: %s\n", what, database ? sqlite3_errmsg(database) : strerror(errno));
  exit(1);
}

static void on_signal(int number) {
  (void)number;
  stopping = 1;
}

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) die(sql);
  return statement;
}

static void finish(sqlite3_stmt *statement) {
  if (sqlite3_step(statement) != SQLITE_DONE) die(sqlite3_sql(statement));
  sqlite3_reset(statement);
}

static void open_database(const char *path) {
  if (sqlite3_open(path, &database) != SQLITE_OK) die(path);
  const char *schema =
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
      "CREATE TABLE IF NOT EXISTS groups(first INTEGER PRIMARY KEY, count INTEGER, body BLOB);"
      "CREATE TABLE IF NOT EXISTS marks("
      "id INTEGER PRIMARY KEY AUTOINCREMENT, next INTEGER, seen BLOB)";
  if (sqlite3_exec(database, schema, NULL, NULL, NULL) != SQLITE_OK) die("schema");
  add_group = prepare("INSERT INTO groups VALUES(?, ?, ?)");
  add_marks = prepare("INSERT INTO marks(next, seen) VALUES(?, ?)");
  /* Groups can be small; so many rows hold the window even if each has one message. */
  drop_marks = prepare("DELETE FROM marks WHERE id <= (SELECT max(id) FROM marks) - 32768");
  next_group =
      prepare("SELECT first, count, body FROM groups WHERE first > ? ORDER BY first LIMIT 1");
  drop_group = prepare("DELETE FROM groups WHERE first = ?");
  begin = prepare("BEGIN IMMEDIATE");
  commit = prepare("COMMIT");
  sqlite3_stmt *all = prepare("SELECT next, seen FROM marks ORDER BY id DESC");
  int found = 0;
  while (found < WINDOW && sqlite3_step(all) == SQLITE_ROW) {
    if (found == 0) next_number = sqlite3_column_int64(all, 0);
    const struct mark *seen = sqlite3_column_blob(all, 1);
    int count = sqlite3_column_bytes(all, 1) / (int)sizeof *seen;
    /* Newest first: an id that was used again keeps its newest hash. */
    for (int i = count; i-- > 0; found++)
      if (!current[seen[i].id]) current[seen[i].id] = seen[i].hash;
  }
  sqlite3_finalize(all);
  sent_through = -1;
}

static uint64_t hash_of(const char *topic, const unsigned char *bytes, int count) {
  uint64_t hash = 14695981039346656037u;
  for (; *topic; topic++) hash = (hash ^ (unsigned char)*topic) * 1099511628211u;
  for (int i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 1099511628211u;
  return hash | 1;
}

static void on_local_connect(struct mosquitto *client, void *context, int code) {
  (void)context;
  if (code) return;
  memcpy(earlier, current, sizeof earlier);
  memset(current, 0, sizeof current);
  earlier_left = WINDOW;
  mosquitto_subscribe(client, NULL, "measure/#", 1);
}

/* What a lost connection had brought and was not committed comes again. */
static void on_local_disconnect(struct mosquitto *client, void *context, int code) {
  (void)client, (void)context, (void)code;
  for (int i = 0; i < mark_count; i++) current[marks[i].id] = 0;
  body_bytes = 0;
  mark_count = stored_count = 0;
}

static void on_message(
    struct mosquitto *client, void *context, const struct mosquitto_message *message) {
  (void)client, (void)context;
  /* The library's wake-up of a thread that we do not have leaves its EAGAIN here, and the library
   * would take it for a dry socket. */
  errno = 0;
  read_count++;
  if (mark_count == 0) group_since_ms = now_ms();
  uint16_t id = (uint16_t)message->mid;
  uint64_t hash = hash_of(message->topic, message->payload, message->payloadlen);
  int again = earlier_left > 0 && earlier[id] == hash;
  if (earlier_left > 0) earlier_left--;
  marks[mark_count++] = (struct mark){hash, id};
  current[id] = hash;
  if (again) return;
  size_t count = (size_t)message->payloadlen;
  if (body_bytes + count + 1 > body_room) {
    body_room = 2 * (body_bytes + count + 1);
    if (!(body = realloc(body, body_room))) die("memory");
  }
  memcpy(body + body_bytes, message->payload, count);
  body[body_bytes + count] = '\n';
  body_bytes += count + 1;
  stored_count++;
}

/* Deletes what had its PUBACK, inside the caller's transaction. */
static void forget_delivered(void) {
  int kept = 0;
  for (int i = 0; i < flying_count; i++) {
    if (!flying[i].done) {
      flying[kept++] = flying[i];
      continue;
    }
    sqlite3_bind_int64(drop_group, 1, flying[i].first);
    finish(drop_group);
  }
  flying_count = kept;
}

static void write_group(void) {
  finish(begin);
  if (stored_count > 0) {
    sqlite3_bind_int64(add_group, 1, next_number);
    sqlite3_bind_int(add_group, 2, stored_count);
    sqlite3_bind_blob(add_group, 3, body, (int)body_bytes, SQLITE_STATIC);
    finish(add_group);
  }
  sqlite3_bind_int64(add_marks, 1, next_number + stored_count);
  sqlite3_bind_blob(add_marks, 2, marks, mark_count * (int)sizeof *marks, SQLITE_STATIC);
  finish(add_marks);
  finish(drop_marks);
  forget_delivered();
  finish(commit);
  next_number += stored_count;
  body_bytes = 0;
  mark_count = stored_count = 0;
}

static void on_central_publish(struct mosquitto *client, void *context, int id) {
  (void)client, (void)context;
  errno = 0;
  read_count++;
  for (int i = 0; i < flying_count; i++)
    if (flying[i].id == id) flying[i].done = 1;
}

/* Everything is sent again on a new connection: the client is made anew, its queue with it. */
static struct mosquitto *new_central(void) {
  struct mosquitto *client = mosquitto_new("floor-central", true, NULL);
  if (!client) die("central client");
  mosquitto_threaded_set(client, true);
  mosquitto_publish_callback_set(client, on_central_publish);
  return client;
}

static void forget_flying(void) {
  int kept = 0;
  for (int i = 0; i < flying_count; i++)
    if (flying[i].done) flying[kept++] = flying[i];
  flying_count = kept;
  sent_through = -1;
}

static int is_flying(int64_t first) {
  for (int i = 0; i < flying_count; i++)
    if (flying[i].first == first) return 1;
  return 0;
}

static void send_groups(struct mosquitto *client) {
  static char *message;
  static size_t room;
  while (flying_count < INFLIGHT && sent_through < next_number) {
    sqlite3_bind_int64(next_group, 1, sent_through);
    if (sqlite3_step(next_group) != SQLITE_ROW) {
      sqlite3_reset(next_group);
      sent_through = next_number - 1;
      return;
    }
    int64_t first = sqlite3_column_int64(next_group, 0);
    size_t bytes = (size_t)sqlite3_column_bytes(next_group, 2);
    sent_through = first;
    /* What is done and not yet deleted is passed over. */
    if (!is_flying(first)) {
      if (room < bytes + 64 && !(message = realloc(message, room = bytes + 64))) die("memory");
      int head = snprintf(message, 64, "#%lld %d\n", (long long)first,
                          sqlite3_column_int(next_group, 1));
      memcpy(message + head, sqlite3_column_blob(next_group, 2), bytes);
      int id;
      if (mosquitto_publish(client, &id, "floor/batch", head + (int)bytes, message, 1, false))
        die("publish");
      flying[flying_count].id = id;
      flying[flying_count].done = 0;
      flying[flying_count++].first = first;
    }
    sqlite3_reset(next_group);
  }
}

/* Reads until a call brings nothing, or `most` callbacks; other than 0: the connection is gone. */
static int read_all(struct mosquitto *client, const int *count, int most) {
  int before;
  do {
    before = read_count;
    errno = 0;
    int code = mosquitto_loop_read(client, 1);
    if (code) return code;
  } while (read_count > before && *count < most);
  return 0;
}

int main(int count, char **words) {
  if (count != 4) {
    fprintf(stderr, "Usage: floor LOCAL_PORT CENTRAL_PORT FILE\n");
    return 64;
  }
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  open_database(words[3]);
  mosquitto_lib_init();
  struct mosquitto *local = mosquitto_new("floor-local", false, NULL);
  if (!local) die("local client");
  mosquitto_threaded_set(local, true);
  mosquitto_connect_callback_set(local, on_local_connect);
  mosquitto_disconnect_callback_set(local, on_local_disconnect);
  mosquitto_message_callback_set(local, on_message);
  struct mosquitto *central = new_central();
  int64_t next_attempt = 0, next_misc = 0, idle_since = now_ms();
  static const int none = 0;
  while (!stopping) {
    int64_t now = now_ms();
    if (now >= next_attempt) {
      next_attempt = now + RETRY_MS;
      if (mosquitto_socket(local) < 0) mosquitto_connect(local, "127.0.0.1", atoi(words[1]), 60);
      if (mosquitto_socket(central) < 0) {
        mosquitto_destroy(central);
        central = new_central();
        forget_flying();
        mosquitto_connect(central, "127.0.0.1", atoi(words[2]), 60);
      }
    }
    if (now >= next_misc) {
      next_misc = now + 1000;
      mosquitto_loop_misc(local);
      mosquitto_loop_misc(central);
    }
    struct pollfd wait[2] = {
        {mark_count < GROUP ? mosquitto_socket(local) : -1, POLLIN, 0},
        {mosquitto_socket(central), POLLIN, 0}};
    if (mark_count == 0 && mosquitto_want_write(local)) wait[0].events |= POLLOUT;
    if (mosquitto_want_write(central)) wait[1].events |= POLLOUT;
    int timeout = LINGER_MS;
    if (mark_count > 0) timeout = (int)(group_since_ms + LINGER_MS - now);
    poll(wait, 2, timeout < 0 ? 0 : timeout);
    if (wait[0].revents) read_all(local, &mark_count, GROUP);
    if (wait[1].revents) read_all(central, &none, 1);
    now = now_ms();
    if (mark_count >= GROUP || (mark_count > 0 && now >= group_since_ms + LINGER_MS)) {
      write_group();
      idle_since = now;
    } else if (mark_count == 0 && flying_count > 0 && now >= idle_since + LINGER_MS) {
      /* Nothing comes: what was delivered is forgotten all the same. */
      finish(begin);
      forget_delivered();
      finish(commit);
      idle_since = now;
    }
    /* After the commit, and only then, the PUBACKs go. A message of the group in hand has queued
     * its own, so nothing is written while there is one. */
    if (mark_count == 0) mosquitto_loop_write(local, 1);
    if (mosquitto_socket(central) >= 0) {
      send_groups(central);
      mosquitto_loop_write(central, 1);
    }
  }
  mosquitto_destroy(local);
  mosquitto_destroy(central);
  sqlite3_close(database);
  return 0;
}
