"""MQTT: an edge node that speaks Sparkplug B (mqtt_spb_wrapper, MIT), and a client that learns from it (paho, EPL)."""
import os

from common import MQTT1, main, until_end

PLATE = {"Hardware Make": "Moxa", "Hardware Model": "UC-8112A", "Serial": "TAKHA1001234", "FW": "1.4"}


def edge():
    from mqtt_spb_wrapper import MqttSpbEntityEdgeNode

    node = MqttSpbEntityEdgeNode("PlantA", "EdgeGW01")
    for name, value in PLATE.items():
        node.attributes.set_value(name, value)
    node.data.set_value("temp", 20.1)
    for _ in until_end(0.5):
        if node.connect(MQTT1, 1883):
            break
    node.publish_birth()
    for count, _ in enumerate(until_end(2)):
        node.data.set_value("temp", 20.1 + count % 5)
        node.publish_data()
    os._exit(0)


def learner():
    import paho.mqtt.client as mqtt

    client = mqtt.Client(client_id="plant-optimizer")
    client.connect(MQTT1)
    client.subscribe("spBv1.0/PlantA/#")
    client.loop_start()
    for _ in until_end(1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main(edge=edge, learner=learner)
