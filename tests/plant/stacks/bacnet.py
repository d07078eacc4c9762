"""BACnet/IP by bacpypes3 (MIT), both ends."""
import asyncio

from common import BAC1, OWN, main, until_end

INSTANCE = 260042
ASKED = "vendor-name vendor-identifier model-name firmware-revision application-software-version location description object-name serial-number protocol-version object-list"


def application(**plate):
    from bacpypes3.ipv4.app import NormalApplication
    from bacpypes3.local.device import DeviceObject
    from bacpypes3.pdu import IPv4Address

    return NormalApplication(DeviceObject(**plate), IPv4Address(f"{OWN}/24"))


def controller():
    from bacpypes3.local.analog import AnalogValueObject

    async def serve():
        device = application(
            objectIdentifier=("device", INSTANCE),
            objectName="AHU-1-NAE",
            vendorIdentifier=5,
            vendorName="Johnson Controls, Inc.",
            modelName="MS-NAE5510-2",
            firmwareRevision="10.0.0.4100",
            applicationSoftwareVersion="10.0",
            location="Building 7 roof",
            description="Air handling unit 1",
            serialNumber="JCI-00347781",
        )
        value = dict(presentValue=18.5, units="degreesCelsius", covIncrement=0.5, eventState="normal", outOfService=False, statusFlags=[0, 0, 0, 0])
        device.add_object(AnalogValueObject(objectIdentifier=("analog-value", 1), objectName="SupplyTemp", **value))
        device.i_am()
        await asyncio.Future()

    asyncio.run(serve())


def scada():
    from bacpypes3.pdu import Address
    from bacpypes3.primitivedata import ObjectIdentifier

    async def ask():
        client = application(
            objectIdentifier=("device", 4190001), objectName="BMS-SERVER", vendorIdentifier=7, vendorName="Siemens Building Technologies", modelName="Desigo CC", firmwareRevision="6.0"
        )
        print("answered", [str(answer.iAmDeviceIdentifier) for answer in await client.who_is()], flush=True)

        async def read(thing, name):
            try:
                print(name, await client.read_property(Address(BAC1), ObjectIdentifier(thing), name), flush=True)
            except Exception as error:  # whatever the stack raises
                print("refused", name, type(error).__name__, error, flush=True)

        for name in ASKED.split():
            await read(f"device,{INSTANCE}", name)
        for _ in until_end(0):
            await read("analog-value,1", "present-value")
            await asyncio.sleep(2)

    asyncio.run(ask())


if __name__ == "__main__":
    main(controller=controller, scada=scada)
