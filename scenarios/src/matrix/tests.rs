use proptest::prelude::*;

use super::*;
use crate::exit::Exit;

const SQUARE_MS: Reading = Reading {
    format: Format::Square,
    unit: Unit::Ms,
    measures: Measures::Rtt,
    gaps: Gaps::Median,
};
const KING: Reading = Reading {
    format: Format::King,
    unit: Unit::Us,
    ..SQUARE_MS
};

fn parse(text: &str, reading: Reading) -> Result<Measurements, InputError> {
    Measurements::parse(&Source::file(Path::new("m.txt"), text.to_owned()), reading)
}

/// The delays in microseconds.
fn micros(text: &str, reading: Reading) -> Vec<u64> {
    parse(text, reading)
        .unwrap()
        .delays
        .iter()
        .map(|d| d.as_nanos() / 1000)
        .collect()
}

#[track_caller]
fn refused(text: &str, reading: Reading, place: &str, words: &str) {
    let error = parse(text, reading).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with(place) && message.contains(words), "{message}");
    assert_eq!(error.exit(), Exit::BadInput);
}

#[test]
fn blanks_tabs_and_commas_part_the_cells_of_a_square_matrix() {
    let expected = [0, 5_000, 10_000, 0];
    assert_eq!(micros("0 10\n20 0\n", SQUARE_MS), expected);
    assert_eq!(micros("0\t10\r\n 20\t0", SQUARE_MS), expected);
    assert_eq!(micros("# two hosts\n0, 10,\n\n20, 0,\n", SQUARE_MS), expected);
}

#[test]
fn units_and_round_trips_are_converted() {
    assert_eq!(
        micros(
            "0 10\n20 0\n",
            Reading {
                measures: Measures::OneWay,
                ..SQUARE_MS
            }
        ),
        [0, 10_000, 20_000, 0]
    );
    assert_eq!(
        micros(
            "0 0.01\n0.02 0\n",
            Reading {
                unit: Unit::S,
                ..SQUARE_MS
            }
        ),
        [0, 5_000, 10_000, 0]
    );
}

#[test]
fn a_gap_is_filled_from_the_opposite_direction_or_a_median() {
    let matrix = parse("0 0 20 40\n10 0 -1 nan\n8 nan 0 0\n0 -1 0 0\n", SQUARE_MS).unwrap();
    let micros: Vec<u64> = matrix.delays.iter().map(|d| d.as_nanos() / 1000).collect();
    // Row 4 has no measurement of its own: 40 ms of the opposite direction, then the median of 8, 10, 20 and 40 ms.
    assert_eq!(
        micros,
        [
            0, 5_000, 10_000, 20_000, 5_000, 0, 5_000, 5_000, 4_000, 4_000, 0, 4_000, 20_000, 5_000, 5_000, 0
        ]
    );
    assert_eq!(
        matrix.filled,
        Filled {
            transposed: 2,
            row_median: 4,
            matrix_median: 2
        }
    );
}

#[test]
fn gaps_can_be_refused() {
    refused(
        "0 1 2\n1 0 0\n2 3 0\n",
        Reading {
            gaps: Gaps::Refuse,
            ..SQUARE_MS
        },
        "m.txt:2:5: ",
        "no measurement",
    );
    refused(
        "node 1\nnode 2\n1,2 5\n",
        Reading {
            gaps: Gaps::Refuse,
            ..KING
        },
        "m.txt:3:6: ",
        "number 2 to number 1",
    );
    assert!(
        parse(
            "0 1\n1 0\n",
            Reading {
                gaps: Gaps::Refuse,
                ..SQUARE_MS
            }
        )
        .is_ok()
    );
}

#[test]
fn a_king_list_numbers_its_nodes_from_wherever_it_likes() {
    let expected = [0, 5_000, 7_000, 5_000, 0, 6_000, 7_000, 6_000, 0];
    let zero = "node 0\nnode 1\nnode 2\n0,1 10000\n0,2 14000\n1,2 12000\n2,1 -1\n";
    let one = "node 1\nnode 2\nnode 3\n1,2 10000\n1,3 14000\n2,3 12000\n3,2 0\n";
    assert_eq!(micros(zero, KING), expected);
    assert_eq!(micros(one, KING), expected);
}

#[test]
fn a_malformed_square_matrix_is_refused_where_it_goes_wrong() {
    refused("", SQUARE_MS, "m.txt:1:1: ", "empty");
    refused("5\n", SQUARE_MS, "m.txt:1:1: ", "between 2 and");
    refused("0 1\nx 0\n", SQUARE_MS, "m.txt:2:1: ", "not a number");
    refused("0 1\n1 0 5\n", SQUARE_MS, "m.txt:2:5: ", "more cells");
    refused("0 1 2\n1 0\n2 2 0\n", SQUARE_MS, "m.txt:2:4: ", "has 2 cells");
    refused("0 1 2\n1 0 1\n", SQUARE_MS, "m.txt:2:6: ", "2 rows but 3 columns");
    refused("0 1\n1 0\n1 1\n", SQUARE_MS, "m.txt:3:1: ", "one too many");
    refused("0 inf\n1 0\n", SQUARE_MS, "m.txt:1:3: ", "beyond belief");
    refused(
        "0 135\n135 0\n",
        Reading {
            unit: Unit::S,
            ..SQUARE_MS
        },
        "m.txt:1:3: ",
        "beyond belief",
    );
    refused("0 0\n0 0\n", SQUARE_MS, "m.txt:1:1: ", "no measurement at all");
}

#[test]
fn a_malformed_king_list_is_refused_where_it_goes_wrong() {
    refused("0 1\n1 0\n", KING, "m.txt:1:1: ", "`node i`");
    refused("node 1\nnode\n", KING, "m.txt:2:1: ", "`node i`");
    refused("node 1\nnode 1\n", KING, "m.txt:2:1: ", "twice");
    refused("node 1\nnode 2\n1,2\n", KING, "m.txt:3:1: ", "`i,j latency`");
    refused("node 1\nnode 2\n1,3 5\n", KING, "m.txt:3:1: ", "`node 3`");
    refused("node 1\nnode 2\n1,2 5\n1,2 6\n", KING, "m.txt:4:1: ", "twice");
    refused("node 1\nnode 2\n1,2 five\n", KING, "m.txt:3:5: ", "not a number");
    refused("node 1\nnode 2\n1,2 -1\n", KING, "m.txt:1:1: ", "no measurement at all");
}

/// Real measurements, where they are at hand: `PEERSCOPE_DATA`, or `shared/data` beside the project.
fn measured(name: &str, unit: Unit) -> Option<Measurements> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("PEERSCOPE_DATA").map_or(beside, Into::into);
    let file = folder.join("latency").join(name);
    if !file.exists() {
        eprintln!("skipped: {} is not there", file.display());
        return None;
    }
    Some(Measurements::read(&file, Reading { unit, ..SQUARE_MS }).unwrap())
}

#[test]
fn measurements_of_planetlab_have_their_known_median() {
    let Some(matrix) = measured("planetlab490_slice01.txt", Unit::Ms) else {
        return;
    };
    assert_eq!(matrix.hosts, 490);
    let mut delays: Vec<SimDuration> = matrix
        .delays
        .into_iter()
        .filter(|delay| *delay > SimDuration::ZERO)
        .collect();
    assert_eq!(delays.len(), 490 * 489);
    delays.sort();
    // The round-trip time is 135 ms in the median and 2984 ms at most.
    let ms = |delay: SimDuration| (2.0 * delay.as_millis_f64()).round();
    assert_eq!(
        (ms(delays[delays.len() / 2]), ms(delays[delays.len() - 1])),
        (135.0, 2984.0)
    );
}

#[test]
fn measurements_of_seattle_have_gaps() {
    let Some(matrix) = measured("seattle99_slice001.txt", Unit::S) else {
        return;
    };
    assert_eq!(matrix.hosts, 99);
    assert_eq!(matrix.filled.total(), 65);
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(node [0-9]\n){0,3}[-0-9., \t\nan]{0,60}") {
        let _ = (parse(&text, SQUARE_MS), parse(&text, KING));
    }

    #[test]
    fn every_delay_off_the_diagonal_is_positive(hosts in 2_usize..6, cells in prop::collection::vec(-5_i32..50, 36)) {
        let row = |r: usize| cells[r * hosts..][..hosts].iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
        let text = (0..hosts).map(row).collect::<Vec<_>>().join("\n");
        if let Ok(matrix) = parse(&text, SQUARE_MS) {
            for (cell, delay) in matrix.delays.iter().enumerate() {
                prop_assert_eq!(*delay == SimDuration::ZERO, cell / hosts == cell % hosts);
            }
        }
    }
}
