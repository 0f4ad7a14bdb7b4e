"""A converter for thingsboard-gateway, copied into its extensions by `make bench-peers`.

Its own JSON converter gives each value the ms of its conversion, and two samples of a device in
one ms become one. This one takes the device's time, which our samples have as a number of seconds.
"""

from thingsboard_gateway.connectors.mqtt.mqtt_uplink_converter import MqttUplinkConverter
from thingsboard_gateway.gateway.entities.converted_data import ConvertedData
from thingsboard_gateway.gateway.entities.telemetry_entry import TelemetryEntry
from thingsboard_gateway.tb_utility.tb_utility import TBUtility


class BenchUplinkConverter(MqttUplinkConverter):
    def __init__(self, config, logger):
        self._log = logger
        self.__config = config.get("converter")

    @property
    def config(self):
        return self.__config

    def convert(self, topic, body):
        data = ConvertedData(device_name=topic.split("/")[-1], device_type="default")
        for sample in body if isinstance(body, list) else [body]:
            values = {TBUtility.convert_key_to_datapoint_key(key, None, {}, self._log): value
                      for key, value in sample.items()}
            data.add_to_telemetry(TelemetryEntry(values, ts=round(sample["time"] * 1000)))
        return data
