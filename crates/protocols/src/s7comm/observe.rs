//! What a protocol data unit says: operations that are asked for, blocks, modes, passwords.

use observation::{Basis, Octets, attribute};

use super::szl::Cpu;
use super::wire::{Function, Kind, Pdu, Userdata, payload};
use super::{names, rules};
use crate::{Malformed, Output, Reader};

/// Where the octets of an operation are: in the message itself, or, where it was put together from fragments, in
/// its last one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carrier<'m>(pub(super) Octets<'m>);

/// Counts what a job asks for.
pub(super) fn job<'m>(pdu: &Pdu<'_>, carrier: Carrier<'m>, output: &mut Output<'m>) {
    let Some(function) = pdu.function() else { return };
    let (kind, name) = match function {
        Function::PI_SERVICE => match program_invocation(pdu.parameters) {
            Ok((name, argument)) => names::pi_service(name.bytes, argument.bytes),
            Err(malformed) => {
                output.malformed(malformed);
                names::job(function)
            }
        },
        _ => names::job(function),
    };
    output.operation(kind, name, carrier.0);
}

/// Name and argument of a program invocation service.
fn program_invocation<'a>(parameters: Octets<'a>) -> Result<(Octets<'a>, Octets<'a>), Malformed> {
    let mut reader = Reader::new(parameters);
    reader.skip(8, "program invocation")?;
    let length = reader.u16_be("length of the argument")?;
    let argument = reader.take(length.into(), "argument")?;
    let length = reader.u8("length of the service name")?;
    Ok((reader.take(length.into(), "service name")?, argument))
}

/// The block that the CPU names itself: when it ends a download, and at the head of what is uploaded from it.
///
/// Returns whether anything was said.
pub(super) fn block(pdu: &Pdu<'_>, cpu: &Cpu, output: &mut Output<'_>) -> bool {
    /// First octets of every block.
    const SIGNATURE: [u8; 2] = [0x70, 0x70];
    let before = output.facts.len();
    match (pdu.kind, pdu.function()) {
        // Function, status, error code (2), four octets, length of the file name, file name.
        (Kind::JOB, Some(Function::DOWNLOAD_ENDED)) => {
            let name = pdu
                .parameters
                .slice(9, 9)
                .filter(|_| pdu.parameters.get(2) == Some(0) && pdu.parameters.get(3) == Some(0));
            if let Some(name) = name {
                output.fact(
                    &cpu.station(),
                    "s7comm.downloaded_block",
                    Basis::Stated,
                    &rules::BLOCK_FILE_NAME,
                    name,
                );
            }
        }
        // Length (2), two octets, then the block: signature, version, attributes, language, type, number (2).
        (Kind::ACK_DATA, Some(Function::UPLOAD)) if pdu.error == 0 => {
            let starts = pdu.data.slice(4, 2).is_some_and(|start| start.bytes == SIGNATURE);
            if let Some(header) = pdu.data.slice(9, 3).filter(|_| starts) {
                output.fact(
                    &cpu.station(),
                    "s7comm.uploaded_block",
                    Basis::Stated,
                    &rules::BLOCK_HEADER,
                    header,
                );
            }
        }
        _ => {}
    }
    output.facts.len() > before
}

/// Counts what userdata asks for, and marks passwords.
///
/// # Errors
///
/// Fails if the data ends before its length.
pub(super) fn request<'m>(
    pdu: &Pdu<'_>,
    userdata: &Userdata<'_>,
    carrier: Carrier<'m>,
    output: &mut Output<'m>,
) -> Result<(), Malformed> {
    // Asking for the next unit of an answer is no new operation. Programmer commands have the long form too.
    if userdata.long && matches!(userdata.group, 3 | 4) {
        return Ok(());
    }
    let payload = payload(pdu);
    if (userdata.group, userdata.subfunction) == (5, 1) {
        // Eight octets, lightly scrambled. Whatever stands there is masked, also where its length is wrong.
        let password = match &payload {
            Ok(Some(password)) => *password,
            _ => pdu.data,
        };
        output.secret(password);
    }
    let (kind, name) = match (userdata.group, userdata.subfunction, &payload) {
        (4, 1, Ok(Some(szl))) => {
            names::szl(u16::from_be_bytes([szl.get(0).unwrap_or(0), szl.get(1).unwrap_or(0xff)]))
        }
        (4, 1, _) => names::szl(0xffff),
        (group, subfunction, _) => names::userdata(group, subfunction),
    };
    output.operation(kind, name, carrier.0);
    payload.map(drop)
}

/// Says the mode that the CPU reports on its own.
pub(super) fn push(userdata: &Userdata<'_>, cpu: &Cpu, output: &mut Output<'_>) {
    if userdata.group == 0 {
        output.fact(
            &cpu.station(),
            attribute::MODE,
            Basis::Stated,
            &rules::PUSHED_MODE,
            userdata.subfunction_octet,
        );
    }
}

/// Says what the CPU answers about its blocks. Returns whether a block was told of.
pub(super) fn block_answer(
    userdata: &Userdata<'_>,
    answer: Octets<'_>,
    cpu: &Cpu,
    output: &mut Output<'_>,
) -> bool {
    match userdata.subfunction {
        1 => {
            output.fact(&cpu.station(), "s7comm.blocks", Basis::Stated, &rules::BLOCK_COUNTS, answer);
            false
        }
        // Type, length, two octets, signature (2), version and attributes come before the language.
        3 => answer.slice(10, rules::BLOCK_INFO_OCTETS).is_some_and(|info| {
            output.fact(&cpu.station(), "s7comm.block", Basis::Stated, &rules::BLOCK_INFO, info);
            true
        }),
        _ => false,
    }
}
