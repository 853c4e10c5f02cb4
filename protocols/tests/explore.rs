mod support;
use protocols::chord::Rules;
use sim_core::world::Departure;
use support::*;
#[test]
fn explore() {
    for (name, rules) in Rules::NAMES {
        if rules == Rules::Corrected { continue; }
        for (what, keep) in [("all", (|_: &Schedule| true) as fn(&Schedule) -> bool), ("silent only", |s: &Schedule| !s.acts.iter().any(|(_, a)| matches!(a, Act::Leave { departure: Departure::Graceful, .. }))), ("joins only", |s: &Schedule| !s.acts.iter().any(|(_, a)| matches!(a, Act::Leave { .. })))] {
            let mut kinds = std::collections::BTreeMap::new();
            let n = 4000;
            let mut best: Option<Schedule> = None;
            for seed in 0..n {
                let mut s = Schedule::random(seed);
                // filter acts instead
                s.acts.retain(|(_, a)| match what { "all" => true, "silent only" => !matches!(a, Act::Leave { departure: Departure::Graceful, .. }), _ => !matches!(a, Act::Leave { .. }) });
                if let Some((v, _)) = s.run(rules).violation { *kinds.entry(v.invariant).or_insert(0) += 1;
                    if kinds[&v.invariant] <= 5 {
                        let inv = v.invariant;
                        let t = s.shrink(|s| keep(s) && s.run(rules).violation.is_some_and(|(v,_)| v.invariant == inv) && s.run(Rules::Corrected).violation.is_none());
                        if best.as_ref().is_none_or(|b| t.acts.len() < b.acts.len()) { best = Some(t); }
                    }
                }
            }
            println!("== {name} {what}: {kinds:?}");
            if let Some(b) = best { println!("{b:?}\n{}", b.run(rules).violation.unwrap().1); }
        }
    }
}
