import CMosquitto

/// Before the first connection and while there is one thread. libmosquitto counts the calls.
public func mqttStart() {
  // Fails only for Windows' sockets.
  mosquitto_lib_init()
}

/// After the last connection.
public func mqttStop() {
  mosquitto_lib_cleanup()
}
