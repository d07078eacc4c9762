"""IEC 61850 MMS and GOOSE by libiec61850 (pyiec61850-ng, GPL), both ends."""
import os
import time

from common import IED1, main, step, until_end

DEVICE = "SEL421ACFG"
PLATE = {
    "LLN0.NamPlt.vendor": "SEL",
    "LLN0.NamPlt.swRev": "SEL-421-7-R328",
    "LLN0.NamPlt.configRev": "7",
    "LPHD1.PhyNam.vendor": "SEL",
    "LPHD1.PhyNam.model": "SEL-421-7",
    "LPHD1.PhyNam.serNum": "1191230017",
    "LPHD1.PhyNam.hwRev": "A",
    "LPHD1.PhyNam.swRev": "R328-V0",
}
# Option bits of the name plate's common data class: every field that it may have.
ALL_FIELDS = 0x3E0000


def ied():
    import pyiec61850.pyiec61850 as mms

    model = mms.IedModel_create("SEL421A")
    device = mms.LogicalDevice_create("CFG", model)
    zero, physical, inputs = (mms.LogicalNode_create(name, device) for name in ("LLN0", "LPHD1", "GGIO1"))
    mms.CDC_LPL_create("NamPlt", mms.toModelNode(zero), 0)
    mms.CDC_ENS_create("Beh", mms.toModelNode(zero), 0)
    mms.CDC_ENS_create("Health", mms.toModelNode(zero), 0)
    mms.CDC_DPL_create("PhyNam", mms.toModelNode(physical), ALL_FIELDS)
    mms.CDC_SPS_create("Ind1", mms.toModelNode(inputs), 0)
    mms.CDC_MV_create("AnIn1", mms.toModelNode(inputs), 0, False)
    published = mms.DataSet_create("GOOSE1", zero)
    for entry in ("GGIO1$ST$Ind1$stVal", "GGIO1$ST$Ind1$q"):
        mms.DataSetEntry_create(published, entry, -1, None)
    mms.GSEControlBlock_create("gcb01", zero, "SEL421A_TRIP", "GOOSE1", 1, False, 200, 1000)

    server = mms.IedServer_create(model)
    mms.IedServer_setServerIdentity(server, "Schweitzer Engineering Laboratories", "SEL-421-7", "R328-V0")
    for place, text in PLATE.items():
        node = mms.IedModel_getModelNodeByObjectReference(model, f"{DEVICE}/{place}")
        if node is None:
            print("not in the model:", place, flush=True)
            continue
        step(place, lambda: mms.IedServer_updateVisibleStringAttributeValue(server, mms.toDataAttribute(node), text))
    mms.IedServer_setGooseInterfaceId(server, "eth0")
    mms.IedServer_start(server, 102)
    mms.IedServer_enableGoosePublishing(server)
    trip = mms.toDataAttribute(mms.IedModel_getModelNodeByObjectReference(model, f"{DEVICE}/GGIO1.Ind1.stVal"))
    count = 0
    while True:
        time.sleep(5)
        count += 1
        step("trip", lambda: mms.IedServer_updateBooleanAttributeValue(server, trip, bool(count & 1)))


def scada():
    import pyiec61850.pyiec61850 as mms

    # The stack now and then associates and then refuses every request (once in about ten runs): it asks again.
    for _ in range(4):
        connection = mms.IedConnection_create()
        mms.IedConnection_connect(connection, IED1, 102)
        association = mms.IedConnection_getMmsConnection(connection)
        if step("identify", lambda: mms.MmsConnection_identify(association, mms.MmsError_create()).vendorName):
            break
        mms.IedConnection_close(connection)
        time.sleep(1)
    step("directory", lambda: mms.IedConnection_getServerDirectory(connection, False))
    step("devices", lambda: mms.IedConnection_getLogicalDeviceList(connection))
    step("files", lambda: mms.IedConnection_getFileDirectory(connection, "/"))
    for place in ("LPHD1.PhyNam.vendor", "LPHD1.PhyNam.model", "LPHD1.PhyNam.serNum", "LPHD1.PhyNam.swRev", "LLN0.NamPlt.swRev"):
        step(place, lambda: mms.IedConnection_readStringValue(connection, f"{DEVICE}/{place}", mms.IEC61850_FC_DC))
    for _ in until_end(2):
        step("trip", lambda: mms.IedConnection_readBooleanValue(connection, f"{DEVICE}/GGIO1.Ind1.stVal", mms.IEC61850_FC_ST))
    os._exit(0)


if __name__ == "__main__":
    main(ied=ied, scada=scada)
