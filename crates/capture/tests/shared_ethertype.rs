//! Protocols that share an EtherType between the same two stations are conversations of their own.
#![allow(clippy::unwrap_used, reason = "a test")]

use capture::{LinkType, Pipeline, RawFrame};
use observation::Time;

/// A frame of PROFINET between two fixed stations.
fn frame(to_device: bool, payload: &[u8]) -> Vec<u8> {
    let (controller, device) = ([0x00, 0x1b, 0x1b, 0, 0, 1], [0x00, 0x1b, 0x1b, 0, 0, 2]);
    let (destination, source) = if to_device { (device, controller) } else { (controller, device) };
    let mut octets = [destination, source].concat();
    octets.extend([0x88, 0x92]);
    octets.extend(payload);
    octets.resize(octets.len().max(60), 0);
    octets
}

#[test]
fn discovery_and_cyclic_data_between_the_same_stations_stay_apart() {
    let cyclic = [&[0x80, 0x01][..], &[0; 40], &[0, 64, 0x35, 0]].concat();
    let get = [0xfe, 0xfd, 3, 0, 0, 0, 0, 1, 0, 0, 0, 2, 2, 2];
    let mut pipeline = Pipeline::default();
    for (number, octets) in
        [frame(true, &cyclic), frame(true, &get), frame(false, &cyclic), frame(true, &cyclic)]
            .into_iter()
            .enumerate()
    {
        pipeline.frame(&RawFrame {
            number: number as u64 + 1,
            time: Time(number as i64 * 1_000_000_000),
            link_type: LinkType::ETHERNET,
            original_length: u32::try_from(octets.len()).unwrap(),
            octets: &octets,
        });
    }
    let (batch, _) = pipeline.finish();
    let conversations: Vec<_> = batch
        .conversations
        .iter()
        .map(|conversation| (conversation.key.protocol.as_ref(), conversation.frames))
        .collect();
    assert_eq!(conversations, [("profinet_dcp", [1, 0]), ("profinet_rt", [2, 1])]);
}
