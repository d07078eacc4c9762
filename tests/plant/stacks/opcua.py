"""OPC UA by asyncua (LGPL), all ends: a server, a historian's collector, a client that learns from the data."""
import asyncio
import datetime
import time

from common import OPC1, OWN, main, until_end

ENDPOINT = "opc.tcp://{}:4840/kepserver"
# Nodes of the server's status and build information (OPC 10000-6, annex A).
BUILD_INFO = (2254, 2255, 2260, 2261, 2262, 2263, 2264, 2265, 2266)


def server():
    from asyncua import Server, ua

    async def serve():
        server = Server()
        await server.init()
        server.set_endpoint(ENDPOINT.format(OWN))
        server.set_server_name("KEPServerEX/UA Server")
        await server.set_application_uri("urn:opcsrv1:Kepware.KEPServerEX.V6:UA Server")
        await server.set_build_info(
            product_uri="urn:Kepware.KEPServerEX",
            manufacturer_name="Kepware",
            product_name="KEPServerEX",
            software_version="6.14.263.0",
            build_number="263",
            build_date=datetime.datetime(2023, 5, 1),
        )
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        space = await server.register_namespace("urn:plant")
        line = await server.nodes.objects.add_object(space, "Line1")
        temperature = await line.add_variable(space, "Temp", 20.5)
        async with server:
            while True:
                await asyncio.sleep(1)
                await temperature.write_value(20.0 + time.time() % 5)

    asyncio.run(serve())


def collect(uri, name, product, look_around):
    from asyncua import Client, ua

    async def ask():
        client = Client(ENDPOINT.format(OPC1))
        client.application_uri, client.name, client.product_uri = uri, name, product
        if look_around:
            print(await client.connect_and_get_server_endpoints(), await client.connect_and_find_servers(), flush=True)
        async with client:
            for node in BUILD_INFO if look_around else ():
                print(node, await client.get_node(ua.NodeId(node, 0)).read_value(), flush=True)
            space = await client.get_namespace_index("urn:plant")
            temperature = await client.nodes.objects.get_child([f"{space}:Line1", f"{space}:Temp"])
            for _ in until_end(0):
                print(await temperature.read_value(), flush=True)
                await asyncio.sleep(1)

    asyncio.run(ask())


if __name__ == "__main__":
    main(
        server=server,
        historian=lambda: collect("urn:hist1:AVEVA:PIConnector", "PI Connector for OPC UA", "urn:AVEVA:PIConnector", True),
        learner=lambda: collect("urn:ai1:plant-optimizer", "plant-optimizer", "urn:plant-optimizer", False),
    )
