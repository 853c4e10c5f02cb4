//! Speed of the engine.
mod s_chord;
fn main() {
    let nodes: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    let secs: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut sim = s_chord::simulation(nodes, 1);
    sim.run_until(sim_core::time::SimTime::from_nanos(1)).unwrap();
    let start = std::time::Instant::now();
    sim.run_until(sim_core::time::SimTime::from_nanos(secs * 1_000_000_000)).unwrap();
    let s = start.elapsed().as_secs_f64();
    let w = sim.world();
    println!("{nodes} events {} in {s:.3} s: {:.2} M/s; messages {} lookups {} mean hops {:.3} fp {:x}", sim.events(), sim.events() as f64 / s / 1e6, sim.traffic().total().messages, w.lookups, w.hops as f64 / w.lookups as f64, sim.fingerprint());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap());
}
