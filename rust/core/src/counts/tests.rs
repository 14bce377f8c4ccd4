//! What the file beside it promises, by values found in another way.

use super::*;
use crate::fixed::to_units;
use proptest::prelude::*;

const TURN: Matrix = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];

proptest! {
    #[test]
    fn the_cut_flow_adds_up(energy in prop::collection::vec(1.0..900.0f64, 0..300), class in 0_u8..4, least in 0.0..1.0f64) {
        let n = energy.len();
        let mut counts = Counts::new(2, &[16.0, 40.0, 100.0, 500.0], least, 0).expect("good");
        let seconds = Navigation { time_s: &[0.0], step_s: 1.0, rotation: &[TURN], rate: &[[0.0; 3]], livetime_s: &[1.0], class: &[class] };
        let (direction, weight) = (vec![[0.6, 0.0, 0.8]; n], vec![0.5; n]);
        let events = Events {
            time_s: &vec![0.5; n],
            direction: direction[..].into(),
            energy_gev: energy[..].into(),
            weight: Some(weight[..].into()),
            failed: None,
            purity: None,
        };
        counts.add(&events, &seconds).expect("good events");
        let flow = counts.cut_flow();
        prop_assert_eq!(flow.iter().sum::<i64>(), n as i64);
        let sum: i64 = counts.units(0).expect("fits").iter().sum();
        prop_assert_eq!(sum, flow[5] * to_units(0.5));
        let sum2: i64 = counts.units(1).expect("fits").iter().sum();
        prop_assert_eq!(sum2, flow[5] * to_units(0.25));
    }
}

/// Three seconds, the last after a gap, of a detector that turns about z.
struct Table {
    time_s: [f64; 3],
    rotation: [Matrix; 3],
    rate: [Vector; 3],
    livetime_s: [f64; 3],
    class: [u8; 3],
}

impl Table {
    fn of(gap: f64) -> Self {
        let tilted = |angle: f64| {
            let (sin, cos) = angle.sin_cos();
            [cos, -sin, 0.0, sin, cos, 0.0, 0.0, 0.0, 1.0]
        };
        Self {
            time_s: [10.0, 11.0, 12.0 + gap],
            rotation: [tilted(0.2), tilted(1.5), tilted(-2.0)],
            rate: [[0.0, 0.0, 1e-3], [1e-3, 0.0, 0.0], [0.0, 2e-3, 0.0]],
            livetime_s: [1.0, 0.0, 0.4],
            class: [0, 1, 2],
        }
    }

    fn navigation(&self) -> Navigation<'_> {
        Navigation {
            time_s: &self.time_s,
            step_s: 1.0,
            rotation: &self.rotation,
            rate: &self.rate,
            livetime_s: &self.livetime_s,
            class: &self.class,
        }
    }
}

const EDGE: [f64; 4] = [16.0, 40.0, 100.0, 500.0];

/// One event as numbers that single precision holds, so that both widths of columns mean the same.
fn rows() -> impl Strategy<Value = Vec<(f64, Vector, f64, f64, u8, f64)>> {
    let event = (0.0..3.0f64, prop::array::uniform3(-1.0..1.0f64), 5.0..700.0f64, -1.0..1.0f64, 0..3_u8, -0.5..1.5f64);
    prop::collection::vec(event, 0..400)
        .prop_map(|rows| rows.into_iter().filter(|row| crate::vector::norm2(&row.1) > 1e-2).collect())
}

fn single(values: impl Iterator<Item = f64>) -> Vec<f32> {
    values.map(|v| v as f32).collect()
}

proptest! {
    #[test]
    fn cells_hold_what_their_events_weigh(rows in rows(), gap in prop_oneof![Just(0.0), Just(7.0)], looked_up: bool) {
        let table = Table::of(gap);
        let time: Vec<f64> = rows.iter().map(|r| 10.0 + r.0 + if r.0 >= 2.0 { gap } else { 0.0 }).collect();
        let direction: Vec<Vector> = rows.iter().map(|r| crate::vector::unit(&r.1)).collect();
        let parts: [Vec<f32>; 3] = std::array::from_fn(|k| single(direction.iter().map(|d| d[k])));
        let (energy, weight) = (single(rows.iter().map(|r| r.2)), single(rows.iter().map(|r| r.3)));
        let failed: Vec<u8> = rows.iter().map(|r| r.4).collect();
        let response = single(rows.iter().map(|r| r.5));
        let region: Vec<i64> = (0..48).map(|pixel| pixel % 2).collect();
        let value: Vec<f64> = (0..3 * 2 * 4).map(|i| 0.25 + f64::from(i) / 64.0).collect();
        let purity = PurityTable::new(0.0, 1.0, 4, &region, &value).expect("a good table");
        let events = Events {
            time_s: &time,
            direction: Directions::Columns([0, 1, 2].map(|k| Column::Single(&parts[k]))),
            energy_gev: Column::Single(&energy),
            weight: Some(Column::Single(&weight)),
            failed: Some(&failed),
            purity: looked_up.then_some((Column::Single(&response), &purity)),
        };
        let mut counts = Counts::new(2, &EDGE, 0.3, 2).expect("good");
        prop_assert_eq!((counts.n_bin(), counts.npix(), counts.n_cut()), (3, 48, 8));
        for _ in 0..2 {
            counts.add(&events, &table.navigation()).expect("good events");
        }
        let grid = Grid::new(2).expect("a power of two");
        let (mut sum, mut sum2, mut flow) = (vec![0; 3 * 48], vec![0; 3 * 48], vec![0; 5 * 8]);
        for i in 0..rows.len() {
            let above = EDGE.iter().filter(|e| **e <= f64::from(energy[i])).count();
            let second = table.time_s.iter().rposition(|s| *s <= time[i]).expect("a second");
            let cut = match (above, failed[i]) {
                (0, _) => 0,
                (4, _) => 1,
                (_, 1..) => 5 + usize::from(failed[i]),
                _ if f64::from(parts[2][i]) < 0.3 => 2,
                _ if table.livetime_s[second] == 0.0 => 3,
                _ if above - 1 < usize::from(table.class[second]) => 4,
                _ => 5,
            };
            flow[above * 8 + cut] += 2;
            if cut == 5 {
                let seen = crate::vector::apply(&table.rotation[second], &[0, 1, 2].map(|k| f64::from(parts[k][i])));
                let sky = crate::vector::carried(&seen, &table.rate[second], time[i] - table.time_s[second]);
                let pixel = grid.pixel(&sky) as usize;
                let place = (f64::from(response[i]) * 2.0).floor().clamp(-1.0, 2.0) as i32 + 1;
                let factor = if looked_up { value[((above - 1) * 2 + pixel % 2) * 4 + place as usize] } else { 1.0 };
                let w = f64::from(weight[i]) * factor;
                sum[(above - 1) * 48 + pixel] += 2 * to_units(w);
                sum2[(above - 1) * 48 + pixel] += 2 * to_units(w * w);
            }
        }
        prop_assert_eq!(counts.units(0).expect("fits"), sum);
        prop_assert_eq!(counts.units(1).expect("fits"), sum2);
        prop_assert_eq!(counts.cut_flow_by_bin(), flow);
    }
}

/// Two good events, to be spoilt.
fn two<'a>(time_s: &'a [f64], direction: &'a [Vector], energy_gev: &'a [f64]) -> Events<'a> {
    Events {
        time_s,
        direction: direction.into(),
        energy_gev: energy_gev.into(),
        weight: None,
        failed: None,
        purity: None,
    }
}

const AXIS: [Vector; 2] = [[0.0, 0.0, 1.0]; 2];

fn refused(events: &Events<'_>, seconds: &Navigation<'_>) -> String {
    let mut counts = Counts::new(2, &EDGE, 0.3, 2).expect("good");
    counts.add(&two(&[10.5; 2], &AXIS, &[50.0; 2]), &Table::of(0.0).navigation()).expect("good events");
    let before = (counts.units(0), counts.units(1), counts.cut_flow());
    let message = counts.add(events, seconds).expect_err("a refusal").to_string();
    assert_eq!((counts.units(0), counts.units(1), counts.cut_flow()), before);
    message
}

#[test]
fn an_event_that_breaks_a_rule_is_named_and_none_is_counted() {
    let table = Table::of(0.0);
    let seconds = table.navigation();
    let good = two(&[10.5, 11.5], &AXIS, &[50.0; 2]);
    let begins = |events: &Events<'_>, wanted: &str| {
        let message = refused(events, &seconds);
        assert!(message.starts_with(wanted), "{message}");
    };
    begins(&Events { time_s: &[10.5, f64::NAN], ..good }, "time_s[1] = NaN is outside");
    begins(&Events { time_s: &[10.5, 13.5], ..good }, "time_s[1] = 13.5 lies in no second; the nearest starts at 12.0");
    begins(&Events { direction: (&[AXIS[0], [0.0, 0.0, 1.1]][..]).into(), ..good }, "direction[1] = ");
    begins(&Events { energy_gev: (&[50.0, -1.0][..]).into(), ..good }, "energy_gev[1] = -1.0 is outside");
    begins(&Events { weight: Some((&[1.0, 513.0][..]).into()), ..good }, "weight[1] = 513.0 is outside [-512, 512]");
    begins(&Events { failed: Some(&[2, 3]), ..good }, "failed[1] = 3 is outside [0, 2]");
    begins(&Events { weight: Some((&[1.0][..]).into()), ..good }, "weight has length 1; 2 is wanted");
    let columns = Directions::Columns([Column::Double(&[0.0; 2]), Column::Double(&[0.0; 2]), Column::Double(&[1.0])]);
    begins(&Events { direction: columns, ..good }, "direction_z has length 1; 2 is wanted");
}

#[test]
fn a_purity_is_refused_by_its_response_and_its_shape() {
    let table = Table::of(0.0);
    let good = two(&[10.5, 11.5], &AXIS, &[50.0; 2]);
    let purity = PurityTable::new(0.0, 1.0, 3, &[0; 48], &[0.5; 9]).expect("a good table");
    let other = PurityTable::new(0.0, 1.0, 3, &[0; 12], &[0.5; 9]).expect("a good table");
    let looked_up = |response: &'static [f64], table| Some((response.into(), table));
    let seconds = table.navigation();
    let found = refused(&Events { purity: looked_up(&[0.5, f64::NAN], &purity), ..good }, &seconds);
    assert!(found.starts_with("response[1] = NaN is outside"), "{found}");
    let found = refused(&Events { purity: looked_up(&[0.5; 2], &other), ..good }, &seconds);
    let wanted = "3 energy bins and 12 pixels: a table for 3 energy bins and 48 pixels is wanted";
    assert_eq!(found, format!("purity = {wanted}"));
    let weight = Some((&[1.0, 1.5][..]).into());
    let found = refused(&Events { purity: looked_up(&[0.5; 2], &purity), weight, ..good }, &seconds);
    assert_eq!(found, "weight[1] = 1.5 is outside [-1, 1]");
}

#[test]
fn a_second_that_breaks_a_rule_is_named() {
    let good = two(&[10.5, 11.5], &AXIS, &[50.0; 2]);
    let spoilt = |spoil: &dyn Fn(&mut Table), wanted: &str| {
        let mut table = Table::of(0.0);
        spoil(&mut table);
        let message = refused(&good, &table.navigation());
        assert!(message.starts_with(wanted), "{message}");
    };
    spoilt(&|table| table.livetime_s[2] = -0.1, "livetime_s[2] = -0.1 is outside [0, 60]");
    spoilt(&|table| table.class[1] = 4, "cutoff_class[1] = 4 is outside [0, 4)");
    spoilt(&|table| table.rotation[0][4] = f64::NAN, "rotation[4] = NaN is outside");
    spoilt(&|table| table.rate[2][0] = f64::INFINITY, "rate[6] = inf is outside");
    spoilt(&|table| table.time_s[1] = 9.0, "second_time_s[1] = 9.0 does not come after second_time_s[0] = 10.0");
    spoilt(
        &|table| table.time_s[1] = 10.5,
        "second_time_s[1] = 10.5 starts before the end of second_time_s[0] = 10.0, which lasts 1.0 s",
    );
    let table = Table::of(0.0);
    let short = Navigation { class: &table.class[..2], ..table.navigation() };
    assert_eq!(refused(&good, &short), "cutoff_class has length 2; 3 is wanted");
}

#[test]
fn sums_near_their_range_are_looked_at() {
    let table = Table::of(0.0);
    let events = two(&[10.5, 10.6], &AXIS, &[50.0; 2]);
    let filled = || {
        let mut counts = Counts::new(2, &EDGE, 0.3, 2).expect("good");
        counts.add(&events, &table.navigation()).expect("good events");
        counts
    };
    let mut counts = filled();
    // Bounds that have grown too far are tightened to the greatest cells, and nothing is counted twice.
    counts.bound = [i64::MAX - 5; 2];
    counts.add(&events, &table.navigation()).expect("room in every cell");
    assert_eq!(counts.units(0).expect("fits").iter().sum::<i64>(), to_units(4.0));
    assert_eq!(counts.cut_flow()[5], 4);
    assert!(counts.bound[0] <= to_units(8.0) && counts.bound[0] >= to_units(4.0));
    for (which, name) in [(0, "weight"), (1, "squared weight")] {
        let mut counts = filled();
        counts.bound = [i64::MAX - 5; 2];
        counts.parts[0].sum[3][which] = i64::MAX - 5;
        let before = counts.units(1 - which);
        let message = counts.add(&events, &table.navigation()).expect_err("no room").to_string();
        assert!(message.starts_with(&format!("{name}: a cell could exceed 2^63 units")), "{message}");
        assert_eq!((counts.units(1 - which), counts.cut_flow()[5]), (before, 2));
    }
}

#[test]
fn no_seconds_and_no_events_are_nothing() {
    let none = Navigation { time_s: &[], step_s: 1.0, rotation: &[], rate: &[], livetime_s: &[], class: &[] };
    let mut counts = Counts::new(1, &EDGE, 0.3, 0).expect("good");
    counts.add(&two(&[], &[], &[]), &none).expect("nothing");
    assert_eq!(counts.cut_flow(), [0; 6]);
    let message = counts.add(&two(&[1.0], &AXIS[..1], &[50.0]), &none).expect_err("no second").to_string();
    assert_eq!(message, "time_s[0] = 1.0 lies in no second; the nearest starts at none");
}
