use protocols::chord::*;
use sim_core::addr::NodeAddr;
use sim_core::network::Constant;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};
use std::time::Instant;
use rand::Rng;
struct W { ring: Ring, rng: NodeRng, n: u32, op: u64, done: u64, visited: u64, dropped: u64 }
impl World<Chord> for W {
    type Event = bool;
    fn on_event(&mut self, c: &mut Control<'_, Chord, bool>, start: bool) {
        if start {
            for &Contact { id, addr } in self.ring.members() { c.start(addr, Init::Ready { id, tables: Box::new(self.ring.tables(id)) }); }
        } else {
            let key = Id::new(self.rng.next_u64() as u128);
            let node = NodeAddr((self.rng.next_u64() % self.n as u64) as u32);
            self.op += 1;
            c.command(node, OperationId(self.op), Command::Lookup { key });
            c.schedule(SimDuration::from_nanos(10_000_000_000 / self.n as u64), false);
        }
    }
    fn on_node_event(&mut self, _: SimTime, _: NodeAddr, e: Event) { match e { Event::LookupDone { visited, .. } => { self.done += 1; self.visited += visited as u64 } Event::Dropped(_) => self.dropped += 1, _ => {} } }
}
fn main() {
    println!("size_of Chord {} Msg {} Event {}", size_of::<Chord>(), size_of::<Msg>(), size_of::<Event>());
    let n: u32 = std::env::args().nth(1).map_or(10_000, |s| s.parse().unwrap());
    let secs: u64 = std::env::args().nth(2).map_or(300, |s| s.parse().unwrap());
    for lookup in [LookupStyle::Iterative, LookupStyle::Recursive] {
    let config = Config { lookup, successors: 8, stabilize_period: SimDuration::from_secs(20), ..Config::default() };
    let streams = StreamKey::root(1, 0);
    let ids = distinct_ids(n as usize, config.space(), &mut streams.purpose("ids").rng()).unwrap();
    let ring = Ring::new(&config, ids.into_iter().zip(0..).map(|(id, a)| Contact { id, addr: NodeAddr(a) }));
    let w = W { ring, rng: streams.purpose("w").rng(), n, op: 0, done: 0, visited: 0, dropped: 0 };
    let mut sim = Simulation::new(Setup { config, network: Box::new(Constant::new(SimDuration::from_millis(50))), nodes: n, streams, partitions: 1 }, w);
    sim.schedule(SimTime::ZERO, true);
    sim.schedule(SimTime::ZERO, false);
    let t = Instant::now();
    sim.run_until(SimTime::ZERO + SimDuration::from_secs(1)).unwrap();
    println!("start {:?}", t.elapsed());
    let heap: usize = (0..n).filter_map(|a| sim.node(NodeAddr(a))).map(|c| c.heap_bytes()).sum();
    println!("heap per node at 1 s {}", heap / n as usize);
    let (t, e) = (Instant::now(), sim.events());
    sim.run_until(SimTime::ZERO + SimDuration::from_secs(secs)).unwrap();
    let d = t.elapsed(); let ev = sim.events() - e;
    println!("{lookup:?} n {n}: {ev} events in {d:?}: {:.1} ns/event, {:.2} M/s", d.as_nanos() as f64 / ev as f64, ev as f64 / d.as_secs_f64() / 1e6);
    let heap: usize = (0..n).filter_map(|a| sim.node(NodeAddr(a))).map(|c| c.heap_bytes()).sum();
    println!("heap per node at end {}; visited {:.3}; done {} dropped {}", heap / n as usize, sim.world().visited as f64 / sim.world().done as f64, sim.world().done, sim.world().dropped);
    println!("{}", std::fs::read_to_string("/proc/self/status").unwrap().lines().filter(|l| l.starts_with("VmHWM")).collect::<String>());
    for (k, t) in sim.traffic().kinds() { if t.messages > 0 { print!("{k} {} ", t.messages); } } println!();
    }
}
