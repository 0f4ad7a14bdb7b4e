#include <microhttpd.h>

// MHD_get_connection_info is variadic, so Swift cannot call it.
static inline int hatang_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}
