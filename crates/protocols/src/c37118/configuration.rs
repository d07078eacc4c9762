//! Configuration frames (IEEE C37.118.2-2011, tables 8 to 11): which units send what, how often.

use observation::{Basis, Octets, Position, Station, attribute};

use super::rules;
use crate::{Malformed, Output, Reader};

/// Octets of a name in configurations 1 and 2.
const NAME: usize = 16;

/// Channels of one digital word.
const BITS: u16 = 16;

/// How names and scales are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Configurations 1 and 2: names of sixteen characters.
    Fixed,
    /// Configuration 3: names with their length; more about each unit.
    Variable,
}

/// One measurement unit.
#[derive(Clone, Copy, Debug)]
struct Unit<'a> {
    name: Octets<'a>,
    id_code: Octets<'a>,
    global_id: Option<Octets<'a>>,
    phasors: Octets<'a>,
    analogs: Octets<'a>,
    digitals: Octets<'a>,
    /// Latitude, longitude, elevation.
    position: Option<Octets<'a>>,
    service_class: Option<Octets<'a>>,
    nominal_frequency: Octets<'a>,
}

/// Says what a configuration tells of the sender and, if it is a concentrator, of its units.
pub(super) fn say(
    root: &Station,
    form: Form,
    mut data: Reader<'_>,
    output: &mut Output<'_>,
) -> Result<(), Malformed> {
    data.skip(4, "time base")?;
    let units = data.u16_be("number of units")?;
    for _ in 0..units {
        let unit = Unit::read(&mut data, form)?;
        if units == 1 {
            unit.say(root, Basis::Stated, output);
        } else {
            let number = unit.id_code.bytes.iter().fold(0_u16, |value, octet| value << 8 | u16::from(*octet));
            let station = root.below([Position::new("device", number)]);
            output.mentioned(
                station.clone(),
                root.clone(),
                "configured unit of the data concentrator",
                unit.id_code,
            );
            unit.say(&station, Basis::Reported, output);
        }
    }
    let rate = data.take(2, "data rate")?;
    output.fact(root, "c37118.data_rate", Basis::Stated, &rules::DATA_RATE, rate);
    data.finish("configuration")
}

impl<'a> Unit<'a> {
    fn read(data: &mut Reader<'a>, form: Form) -> Result<Self, Malformed> {
        let name = name(data, form, "station name")?;
        let id_code = data.take(2, "identification code")?;
        let is_variable = form == Form::Variable;
        let global_id = is_variable.then(|| data.take(16, "global identification")).transpose()?;
        data.skip(2, "format")?;
        let mut number = |what| {
            data.take(2, what).map(|octets| {
                (octets, octets.bytes.iter().fold(0_u16, |value, octet| value << 8 | u16::from(*octet)))
            })
        };
        let (phasors, phasor_count) = number("number of phasors")?;
        let (analogs, analog_count) = number("number of analog values")?;
        let (digitals, digital_count) = number("number of digital words")?;
        let [phasor_count, analog_count, digital_count] =
            [phasor_count, analog_count, digital_count].map(usize::from);
        let channels = digital_count
            .saturating_mul(BITS.into())
            .saturating_add(phasor_count)
            .saturating_add(analog_count);
        match form {
            Form::Fixed => data.skip(channels.saturating_mul(NAME), "channel names")?,
            Form::Variable => {
                for _ in 0..channels {
                    self::name(data, form, "channel name")?;
                }
            }
        }
        let (of_phasor, of_analog) = if is_variable { (12, 8) } else { (4, 4) };
        data.skip(phasor_count.saturating_mul(of_phasor), "phasor units")?;
        data.skip(analog_count.saturating_mul(of_analog), "analog units")?;
        data.skip(digital_count.saturating_mul(4), "digital units")?;
        let position = is_variable.then(|| data.take(12, "position")).transpose()?;
        let service_class = is_variable.then(|| data.take(1, "service class")).transpose()?;
        if is_variable {
            data.skip(8, "window and group delay")?;
        }
        let nominal_frequency = data.take(2, "nominal frequency")?;
        data.skip(2, "configuration count")?;
        Ok(Self {
            name,
            id_code,
            global_id,
            phasors,
            analogs,
            digitals,
            position,
            service_class,
            nominal_frequency,
        })
    }

    fn say(&self, station: &Station, basis: Basis, output: &mut Output<'_>) {
        let mut say = |name, rule, octets: Option<Octets<'_>>| {
            if let Some(octets) = octets {
                output.fact(station, name, basis, rule, octets);
            }
        };
        say(attribute::STATION_NAME, &rules::TEXT, Some(self.name));
        say("c37118.id_code", &rules::ID_CODE, Some(self.id_code));
        say("c37118.global_id", &rules::GLOBAL_ID, self.global_id);
        say("c37118.phasors", &rules::NUMBER, Some(self.phasors));
        say("c37118.analog_values", &rules::NUMBER, Some(self.analogs));
        say("c37118.digital_words", &rules::NUMBER, Some(self.digitals));
        say("c37118.nominal_frequency", &rules::NOMINAL_FREQUENCY, Some(self.nominal_frequency));
        say("c37118.service_class", &rules::SERVICE_CLASS, self.service_class);
        say(attribute::LOCATION, &rules::POSITION, self.position);
    }
}

fn name<'a>(data: &mut Reader<'a>, form: Form, what: &'static str) -> Result<Octets<'a>, Malformed> {
    match form {
        Form::Fixed => data.take(NAME, what),
        Form::Variable => {
            let length = data.u8(what)?;
            data.take(length.into(), what)
        }
    }
}
