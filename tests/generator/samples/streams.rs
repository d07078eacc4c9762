//! What a mirror port makes of TCP, and Modbus without its TCP header.

use super::super::file::{self, ETHERNET, Order, Unit};
use super::super::frame::Station;
use super::super::modbus;
use super::super::tcp::{ACK, Connection, From, PSH, RST};
use super::{DELL, MOXA, SCHNEIDER, Tape, basic_identification, connection};

/// The answer that the cases below cut up: 60 octets and more.
fn answer(transaction: u16, case: &str) -> Vec<u8> {
    modbus::adu(transaction, 1, &basic_identification("Schneider Electric", case, "v2.70"))
}

fn ask(transaction: u16) -> Vec<u8> {
    modbus::adu(transaction, 1, &modbus::identification_request(1, 0))
}

/// Sends `whole` from the server cut at the given octets, in the given order of parts.
fn parts(tape: &mut Tape, talk: &mut Connection, whole: &[u8], cuts: &[usize], order: &[usize]) {
    let base = talk.sequence[1];
    let ends: Vec<usize> = cuts.iter().copied().chain([whole.len()]).collect();
    for index in order {
        let start = if *index == 0 { 0 } else { ends[*index - 1] };
        let mut out = Vec::new();
        let sequence = base.wrapping_add(start as u32);
        talk.segment_at(&mut out, From::Server, PSH | ACK, sequence, &whole[start..ends[*index]]);
        tape.add(out);
    }
    talk.sequence[1] = base.wrapping_add(whole.len() as u32);
}

/// Modbus identities cut, mixed up, repeated, overlapping, one-sided, joined late, with a gap, and several in a segment.
pub fn disorder() -> Vec<u8> {
    let mut tape = Tape::new(8);
    let client = Station::new(DELL, [10, 40, 8, 200]);
    let talk = |number: u8| {
        let server = Station::new(SCHNEIDER, [10, 40, 8, number]);
        connection(client, server, 50_000 + u16::from(number), 502)
    };
    // Cut at octets that fall into the header, a length and the strings.
    let orders: [(&str, &[usize]); 3] = [
        ("cut in order", &[0, 1, 2, 3]),
        ("out of order", &[0, 2, 3, 1]),
        ("sent again", &[0, 1, 1, 2, 2, 3]),
    ];
    for (number, (case, order)) in orders.into_iter().enumerate() {
        let mut talk = talk(11 + number as u8);
        tape.all(talk.open());
        tape.add(talk.data(From::Client, &ask(1)));
        parts(&mut tape, &mut talk, &answer(1, case), &[3, 9, 30], order);
        tape.all(talk.close());
    }

    // A retransmission that starts earlier and goes further than what was there.
    let mut overlap = talk(14);
    tape.all(overlap.open());
    tape.add(overlap.data(From::Client, &ask(1)));
    let (whole, base) = (answer(1, "overlapping"), overlap.sequence[1]);
    for (from, to) in [(0, 20), (10, 40), (5, whole.len())] {
        let mut out = Vec::new();
        overlap.segment_at(
            &mut out,
            From::Server,
            PSH | ACK,
            base.wrapping_add(from as u32),
            &whole[from..to],
        );
        tape.add(out);
    }

    // Only the answers are mirrored.
    let mut one_sided = talk(15);
    let _ = one_sided.open();
    let _ = one_sided.data(From::Client, &ask(1));
    tape.add(one_sided.data(From::Server, &answer(1, "one-sided")));

    // The recorder started in the middle of an answer.
    let mut late = talk(16);
    let _ = late.open();
    let whole = answer(1, "joined late");
    late.sequence[1] = late.sequence[1].wrapping_add(25);
    tape.add(late.data(From::Server, &whole[25..]));
    tape.exchange(&mut late, &ask(2), &answer(2, "joined late"));

    // A segment is missing; the next message is whole.
    let mut gap = talk(17);
    tape.all(gap.open());
    tape.add(gap.data(From::Client, &ask(1)));
    parts(&mut tape, &mut gap, &answer(1, "with a gap"), &[3, 30], &[0, 2]);
    tape.exchange(&mut gap, &ask(2), &answer(2, "after the gap"));
    tape.all(gap.close());

    // Three requests in one segment, three answers in another.
    let mut pipelined = talk(18);
    tape.all(pipelined.open());
    let read = modbus::adu(2, 1, &modbus::read_registers(0, 2));
    let values = modbus::adu(2, 1, &modbus::registers(&[0, 1, 0, 2]));
    let server_id = modbus::adu(3, 1, &modbus::server_id(b"M340", true));
    tape.exchange(
        &mut pipelined,
        &[ask(1), read, modbus::adu(3, 1, &[0x11])].concat(),
        &[answer(1, "pipelined"), values, server_id].concat(),
    );
    tape.all(pipelined.close());

    // Sequence numbers that run over the top in the middle of the answer, and an end by reset.
    let mut wraps = talk(19);
    wraps.sequence = [0xffff_fff0, 0xffff_ffe0];
    tape.all(wraps.open());
    tape.add(wraps.data(From::Client, &ask(1)));
    parts(&mut tape, &mut wraps, &answer(1, "sequence wraps"), &[20, 40], &[0, 1, 2]);
    tape.add(wraps.frame(From::Client, RST | ACK, &[]));
    file::pcap(Order::Big, Unit::Nanos, ETHERNET, 0xffff, &tape.frames)
}

/// Modbus RTU frames in a TCP stream, as serial device servers pass them on.
pub fn rtu_over_tcp() -> Vec<u8> {
    let mut tape = Tape::new(9);
    let client = Station::new(DELL, [10, 40, 9, 200]);
    for (number, port) in [4001, 502].into_iter().enumerate() {
        let server = Station::new(MOXA, [10, 40, 9, 11 + number as u8]);
        let mut talk = connection(client, server, 50_000 + number as u16, port);
        tape.all(talk.open());
        for unit in [1, 2, 7] {
            let product = format!("RTU unit {unit}");
            tape.exchange(
                &mut talk,
                &modbus::rtu(unit, &modbus::identification_request(1, 0)),
                &modbus::rtu(unit, &basic_identification("Eurotherm", &product, "3.10")),
            );
            tape.exchange(
                &mut talk,
                &modbus::rtu(unit, &modbus::read_registers(100, 4)),
                &modbus::rtu(unit, &modbus::registers(&[0, 1, 0, 2, 0, 3, 0, unit])),
            );
        }
        tape.exchange(
            &mut talk,
            &modbus::rtu(1, &[0x11]),
            &modbus::rtu(1, &modbus::server_id(b"Eurotherm 3216", true)),
        );
        tape.exchange(
            &mut talk,
            &modbus::rtu(2, &modbus::write_register(7, 1)),
            &modbus::rtu(2, &modbus::write_register(7, 1)),
        );
        tape.all(talk.close());
    }
    file::pcap(Order::Little, Unit::Micros, ETHERNET, 0xffff, &tape.frames)
}
