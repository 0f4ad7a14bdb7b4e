"""Plays gpsd: gpsd.py PORT FILE. After ?WATCH it sends the file's lines and says no more."""

import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    if b'?WATCH={"enable":true,"json":true}' in connection.recv(1024):
        with open(sys.argv[2], "rb") as reports:
            connection.sendall(reports.read())
    # The probe hangs up once it has a position.
    connection.recv(1)
    connection.close()
