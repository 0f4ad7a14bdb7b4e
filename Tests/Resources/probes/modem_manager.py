"""Plays ModemManager on a D-Bus of its own, so that the real mmcli has something to talk to.

    modem_manager.py ADDRESS SCENARIO

Needs python3-dbusmock. Prints "ready" once it can be asked. Scenarios: nr-sa, nr-nsa, nsa-idle,
lte, searching, sim-locked, two-modems, no-modem; public-nsa, public-sa, public-lte with what real
modems were seen to say (README.md has the sources). Types are those of ModemManager's D-Bus
interface, version 1.20; the signal stays unknown until Signal.Setup was called, as in life.
"""

import sys

import dbus
import dbus.mainloop.glib
from dbusmock import DBusMockObject, mockobject
from gi.repository import GLib

ROOT = "/org/freedesktop/ModemManager1"
NAME = "org.freedesktop.ModemManager1"
MODEM = NAME + ".Modem"

LTE, NR = 0x4000, 0x8000
STATE = {"locked": 2, "searching": 7, "registered": 8, "connected": 11}
UNLOCK = {"none": 1, "sim-pin": 2, "sim-pin2": 3}
REGISTRATION = {"idle": 0, "home": 1, "searching": 2}

NR_LEVELS = {"rsrp": -98.5, "rsrq": -11.0, "snr": 12.5}
LTE_LEVELS = {"rsrp": -92.0, "rsrq": -9.0, "rssi": -61.0, "snr": 14.2}

SCENARIOS = {
    "nr-sa": [dict(technologies=NR, nr=NR_LEVELS)],
    "nr-nsa": [dict(technologies=LTE | NR, nr=NR_LEVELS, lte=LTE_LEVELS)],
    # The anchor alone: libqmi gives -32768 for a 5G leg that is not there.
    "nsa-idle": [dict(technologies=LTE, lte=LTE_LEVELS, nr=dict.fromkeys(NR_LEVELS, -32768.0))],
    "lte": [dict(technologies=LTE, lte=LTE_LEVELS, fix=False)],
    "searching": [dict(state="searching", registration="searching", operator="")],
    "sim-locked": [dict(state="locked", unlock="sim-pin", registration="idle", operator="")],
    "two-modems": [
        dict(technologies=LTE, lte=LTE_LEVELS),
        dict(technologies=NR, nr=NR_LEVELS, imei="353338976168903", port="cdc-wdm1", net="wwan1"),
    ],
    "no-modem": [],
    "public-nsa": [dict(
        technologies=LTE | NR, nr={"rsrp": -75.0, "rsrq": -11.0, "snr": 18.5},
        lte={"rsrp": -70.0, "rsrq": -5.0, "rssi": -47.0, "snr": 30.0}, model="RM500Q",
        operator="00101", place="001,01,FFFE,01A2D001,000001")],
    "public-sa": [dict(
        technologies=NR, nr={"rsrp": -109.0, "rsrq": -12.0, "snr": 14.0}, unlock="sim-pin2",
        revision="RM520NGLAAR01A06M4G", operator="51566",
        place="515,66,FFFE,100072000,114000")],
    "public-lte": [dict(
        technologies=LTE, lte={"rsrp": -87.0, "rsrq": -16.0, "rssi": -69.0, "snr": 5.0},
        model="EC200T", operator="12301", place="123,01,FFFE,0043300C,005443")],
}


def strings(*values):
    return dbus.Array(values, signature="s")


def numbers(*values):
    return dbus.Array([dbus.UInt32(value) for value in values], signature="u")


def levels(values):
    return dbus.Dictionary(values or {}, signature="sv")


def pair(first, second):
    return dbus.Struct((dbus.UInt32(first), dbus.UInt32(second)), signature="uu")


def add_modem(root, index, technologies=0, nr=None, lte=None, state="connected", unlock="none",
              registration="home", operator="45204", imei="353338976168895", port="cdc-wdm0",
              net="wwan0", fix=True, model="RM520N-GL", revision="RM520NGLAAR01A07M4G",
              place="452,04,FFFE,04F1B201,000D12"):
    path = "%s/Modem/%d" % (ROOT, index)
    ports = [(port, 6), (net, 2)]
    root.AddObject(path, MODEM, {
        "Sim": dbus.ObjectPath("/"), "SimSlots": dbus.Array([], signature="o"),
        "PrimarySimSlot": dbus.UInt32(0), "Bearers": dbus.Array([], signature="o"),
        "SupportedCapabilities": numbers(0x1C), "CurrentCapabilities": dbus.UInt32(0x1C),
        "MaxBearers": dbus.UInt32(1), "MaxActiveBearers": dbus.UInt32(1),
        "MaxActiveMultiplexedBearers": dbus.UInt32(254),
        "Manufacturer": "Quectel", "Model": model, "Revision": revision,
        "CarrierConfiguration": "ROW_Generic_3GPP", "CarrierConfigurationRevision": "0A010809",
        "HardwareRevision": "20000", "DeviceIdentifier": "7dd3f7b2a3" + str(index),
        "Device": "/sys/devices/pci0000:00/0000:00:14.0/usb2/2-%d" % (3 + index),
        "Drivers": strings("qmi_wwan", "option1"), "Plugin": "quectel", "PrimaryPort": port,
        "Ports": dbus.Array(
            [dbus.Struct((name, dbus.UInt32(kind)), signature="su") for name, kind in ports],
            signature="(su)"),
        "EquipmentIdentifier": imei, "UnlockRequired": dbus.UInt32(UNLOCK[unlock]),
        "UnlockRetries": dbus.Dictionary({dbus.UInt32(2): dbus.UInt32(3)}, signature="uu"),
        "State": dbus.Int32(STATE[state]), "StateFailedReason": dbus.UInt32(0),
        "AccessTechnologies": dbus.UInt32(technologies),
        "SignalQuality": dbus.Struct((dbus.UInt32(61), True), signature="ub"),
        "OwnNumbers": strings(), "PowerState": dbus.UInt32(3),
        "SupportedModes": dbus.Array([pair(0x1C, 0x10)], signature="(uu)"),
        "CurrentModes": pair(0x1C, 0x10), "SupportedBands": numbers(31, 33, 301, 378),
        "CurrentBands": numbers(31, 33, 301, 378), "SupportedIpFamilies": dbus.UInt32(7),
    }, [])
    modem = mockobject.objects[path]
    modem.AddProperties(MODEM + ".Modem3gpp", {
        "Imei": imei, "RegistrationState": dbus.UInt32(REGISTRATION[registration]),
        "OperatorCode": operator, "OperatorName": "Viettel" if operator else "",
        "EnabledFacilityLocks": dbus.UInt32(0), "SubscriptionState": dbus.UInt32(0),
        "EpsUeModeOperation": dbus.UInt32(4), "Pco": dbus.Array([], signature="(ubay)"),
        "InitialEpsBearer": dbus.ObjectPath("/"), "InitialEpsBearerSettings": levels(None),
        "PacketServiceState": dbus.UInt32(2), "Nr5gRegistrationSettings": levels(None),
    })
    modem.AddProperties(MODEM + ".Signal", {
        "Rate": dbus.UInt32(0), "RssiThreshold": dbus.UInt32(0), "ErrorRateThreshold": False,
        "Cdma": levels(None), "Evdo": levels(None), "Gsm": levels(None), "Umts": levels(None),
        "Lte": levels(None), "Nr5g": levels(None),
    })
    modem.AddMethod(
        MODEM + ".Signal", "Setup", "u", "",
        "for name, value in (('Rate', args[0]), ('Lte', dbus.Dictionary(%r, signature='sv')), "
        "('Nr5g', dbus.Dictionary(%r, signature='sv'))):\n"
        "    self._set_property(%r, name, value)" % (lte or {}, nr or {}, MODEM + ".Signal"))
    modem.AddProperties(MODEM + ".Location", {
        "Capabilities": dbus.UInt32(7), "Enabled": dbus.UInt32(1), "SignalsLocation": False,
        "Location": dbus.Dictionary({}, signature="uv"), "SuplServer": "",
        "SupportedAssistanceData": dbus.UInt32(0), "AssistanceDataServers": strings(),
        "GpsRefreshRate": dbus.UInt32(30),
    })
    modem.AddMethod(MODEM + ".Location", "Setup", "ub", "", "")
    gps = {"utc-time": "021730.00", "latitude": 20.541, "longitude": 105.913, "altitude": 7.0}
    modem.AddMethod(
        MODEM + ".Location", "GetLocation", "", "a{uv}",
        "ret = dbus.Dictionary({dbus.UInt32(1): %r}, signature='uv')\n" % place
        + ("ret[dbus.UInt32(2)] = dbus.Dictionary(%r, signature='sv')" % gps if fix else ""))


def main():
    address, scenario = sys.argv[1:3]
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.bus.BusConnection(address)
    name = dbus.service.BusName(NAME, bus)
    root = DBusMockObject(name, ROOT, NAME, {"Version": "1.20.4"}, None, True)
    mockobject.objects[ROOT] = root
    for index, modem in enumerate(SCENARIOS[scenario]):
        add_modem(root, index, **modem)
    print("ready", flush=True)
    GLib.MainLoop().run()


main()
