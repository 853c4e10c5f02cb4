//! Nodes that make and drop tunnels at random, and address servers, over a network that delays, repeats and loses messages.
//! Everybody may vanish and come back.

use std::collections::BTreeMap;

use protocols::xbone::{
    AddressServer, Answer, Ask, Balancing, BlockPool, CallId, Heard, Held, LeaseClient, LeaseId, Ledger, Outcome,
    ServerPatience, Servers, Service, Terms, TimedOut, Transaction,
};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};

/// The servers have the first addresses, the clients those from here on.
const FIRST_CLIENT: u32 = 10;

/// What a schedule draws from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    /// Messages that are lost.
    pub(crate) loss: f64,
    /// Messages that arrive a second time, with a delay of their own.
    pub(crate) repeated: f64,
    /// Of the things that happen, those that are a client's silent end.
    pub(crate) client_ends: f64,
    /// Likewise a server's.
    pub(crate) server_ends: f64,
    /// The term of leases.
    pub(crate) term: Option<SimDuration>,
}

enum Event {
    /// Something at random is done.
    Act,
    ToServer(NodeAddr, NodeAddr, Transaction),
    ToClient(NodeAddr, NodeAddr, Answer),
    /// A service of this incarnation of a server ends.
    Serve(NodeAddr, u32),
    /// A time-out of this incarnation of a client.
    TimeOut(NodeAddr, u32, CallId),
    /// A server comes back.
    Return(NodeAddr),
    /// A client looks after a lease that it holds.
    Renew(NodeAddr, u32, Held),
}

enum Server {
    Up(AddressServer),
    Down(Ledger),
}

struct Client {
    incarnation: u32,
    leases: LeaseClient,
    /// Requests that have no answer.
    asked: Vec<LeaseId>,
    /// The pairs that it knows it has, and whether the other end knows them, too.
    held: Vec<(Held, bool)>,
}

/// What happened, to make sure that a schedule was worth running.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Tally {
    pub(crate) leased: u64,
    pub(crate) exhausted: u64,
    pub(crate) elsewhere: u64,
    pub(crate) given_up: u64,
    pub(crate) repeated: u64,
    pub(crate) late: u64,
    pub(crate) released_again: u64,
    pub(crate) lost_in_backlog: u64,
    pub(crate) server_ends: u64,
    pub(crate) client_ends: u64,
    pub(crate) expired: u64,
}

pub(crate) struct Schedule {
    rates: Rates,
    rng: NodeRng,
    streams: StreamKey,
    now: SimTime,
    events: BTreeMap<(SimTime, u64), Event>,
    next_event: u64,
    service: Service,
    servers: Servers,
    up: BTreeMap<NodeAddr, (u32, Server)>,
    clients: BTreeMap<NodeAddr, Client>,
    quiet: bool,
    pub(crate) tally: Tally,
}

impl Schedule {
    /// Servers, clients, pool and habits, drawn from a seed.
    pub(crate) fn new(seed: u64, rates: Rates) -> Self {
        let streams = StreamKey::root(seed, 0);
        let mut rng = streams.purpose("schedule").rng();
        let mut below = |most: u64| rng.next_u64() % most;
        let (servers, clients) = (1 + below(3) as u32, 2 + below(5) as u32);
        let prefix = format!("10.0.0.0/{}", 24 + below(6));
        let patience = ServerPatience {
            timeout: SimDuration::from_millis(100 + below(2000)),
            tries: 1 + below(3) as u32,
            servers: 1 + below(3) as usize,
            term: rates.term,
        };
        let balancing = [Balancing::RoundRobin, Balancing::HashOfPair, Balancing::Random][below(3) as usize];
        let backlog = [None, Some(3), Some(0)][below(3) as usize];
        let service = Service {
            backlog,
            ..Service::with_rate([4.2, 67.0, 1000.0][below(3) as usize]).expect("a rate")
        };
        let addrs: Vec<NodeAddr> = (0..servers).map(NodeAddr).collect();
        let terms = Terms {
            term: rates.term,
            ..Terms::default()
        };
        let ledger = Ledger::new(BlockPool::parse(&prefix).expect("a prefix"), terms);
        let server = |addr: &NodeAddr| {
            let server = AddressServer::new(service, ledger.clone());
            (*addr, (0, Server::Up(server)))
        };
        Schedule {
            rates,
            streams,
            now: SimTime::ZERO,
            events: BTreeMap::new(),
            next_event: 0,
            service,
            up: addrs.iter().map(server).collect(),
            servers: Servers::new(addrs, balancing, patience).expect("sound servers"),
            clients: (0..clients)
                .map(|number| NodeAddr(FIRST_CLIENT + number))
                .map(|addr| (addr, Client::new(addr, 0, streams)))
                .collect(),
            quiet: false,
            tally: Tally::default(),
            rng,
        }
    }

    /// Does so many things at random, about one every 300 ms, and makes sure after every event that nothing is wrong.
    pub(crate) fn run(&mut self, acts: usize) {
        for _ in 0..acts {
            let wait = SimDuration::from_millis(self.below(600));
            let act = self.now + wait;
            self.at(act, Event::Act);
            self.run_until(act);
        }
    }

    /// Lets everything settle: servers are up, messages arrive, nobody begins anything.
    pub(crate) fn settle(&mut self) {
        self.quiet = true;
        while let Some((time, _)) = self.events.first_key_value().map(|(key, event)| (key.0, event)) {
            // Renewals go on for ever; what is owed is repeated after 64 time-outs at the latest.
            let settled = self
                .clients
                .values()
                .all(|client| client.leases.under_way().count() == 0);
            let to_come = |event: &Event| matches!(event, Event::ToServer(..) | Event::Serve(..) | Event::Return(_));
            if settled && !self.events.values().any(to_come) {
                break;
            }
            self.run_until(time);
        }
    }

    /// Every client gives back what it has.
    pub(crate) fn release_all(&mut self) {
        for addr in self.clients.keys().copied().collect::<Vec<_>>() {
            let held = std::mem::take(&mut self.client(addr).held);
            for (held, _) in held {
                self.release(addr, held);
            }
        }
    }

    /// Lets a time pass in which clients renew their leases, as they do it.
    pub(crate) fn pass(&mut self, span: SimDuration) {
        self.run_until(self.now + span);
    }

    /// Pairs handed out, by all servers.
    pub(crate) fn handed_out(&self) -> u128 {
        self.ledgers().map(|(_, ledger)| ledger.handed_out(self.now)).sum()
    }

    /// Pairs that clients know they have.
    pub(crate) fn held(&self) -> u128 {
        self.clients.values().map(|client| client.held.len() as u128).sum()
    }

    /// Adds up what the servers counted.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = self.tally;
        for (_, server) in self.up.values() {
            if let Server::Up(server) = server {
                tally.lost_in_backlog += server.load().lost;
            }
        }
        for (_, ledger) in self.ledgers() {
            let counts = ledger.counts();
            tally.repeated += counts.repeated;
            tally.late += counts.late;
            tally.released_again += counts.released_again;
            tally.expired += counts.expired;
        }
        tally
    }

    fn ledgers(&self) -> impl Iterator<Item = (NodeAddr, &Ledger)> {
        self.up.iter().map(|(addr, (_, server))| {
            let ledger = match server {
                Server::Up(server) => server.ledger(),
                Server::Down(ledger) => ledger,
            };
            (*addr, ledger)
        })
    }

    fn run_until(&mut self, end: SimTime) {
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((time, _), event) = entry.remove_entry();
            self.now = time;
            self.handle(event);
            self.check();
        }
        self.now = self.now.max(end);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Act => self.act(),
            Event::ToServer(to, from, transaction) => self.arrive_at_server(to, from, transaction),
            Event::ToClient(to, from, answer) => self.arrive_at_client(to, from, answer),
            Event::Serve(addr, incarnation) => self.serve(addr, incarnation),
            Event::TimeOut(addr, incarnation, call) => self.time_out(addr, incarnation, call),
            Event::Return(addr) => self.server_returns(addr),
            Event::Renew(addr, incarnation, held) => self.renew(addr, incarnation, held),
        }
    }

    /// Something at random: mostly requests and releases.
    fn act(&mut self) {
        let (draw, rates) = (unit(&mut self.rng), self.rates);
        if draw < rates.client_ends {
            self.client_ends();
        } else if draw < rates.client_ends + rates.server_ends {
            self.server_ends();
        } else if draw < 0.55 {
            let (addr, peer) = (self.any_client(), self.any_client());
            let (now, servers) = (self.now, self.servers.clone());
            let client = self.client(addr);
            let (id, ask) = client.leases.request(now, &servers, peer);
            client.asked.push(id);
            self.send(addr, ask);
        } else if draw < 0.6 {
            let (addr, now, servers) = (self.any_client(), self.now, self.servers.clone());
            let client = self.client(addr);
            if let Some(id) = client.asked.pop() {
                let ask = client.leases.cancel(now, &servers, id);
                self.send(addr, ask.expect("it has no answer"));
            }
        } else {
            self.drop_a_tunnel();
        }
    }

    /// A tunnel is torn down by one of its ends, or by both.
    fn drop_a_tunnel(&mut self) {
        let (addr, which) = (self.any_client(), self.below(1000) as usize);
        let by = self.below(3);
        let client = self.client(addr);
        if client.held.is_empty() {
            return;
        }
        let (held, peer_knows) = client.held.swap_remove(which % client.held.len());
        if by != 1 || !peer_knows {
            self.release(addr, held);
        }
        if by != 0 && peer_knows {
            self.release(held.peer, held);
        }
    }

    fn release(&mut self, by: NodeAddr, held: Held) {
        let (now, servers) = (self.now, self.servers.clone());
        let ask = self.client(by).leases.release(now, &servers, held);
        self.send(by, ask);
    }

    /// A client vanishes, with all that it knew. Those who know of a tunnel to it notice at some time; here, at once.
    fn client_ends(&mut self) {
        self.tally.client_ends += 1;
        let addr = self.any_client();
        let streams = self.streams;
        let client = self.client(addr);
        let incarnation = client.incarnation + 1;
        let former = std::mem::replace(client, Client::new(addr, incarnation, streams));
        for (held, peer_knows) in former.held {
            if peer_knows && held.peer != addr {
                self.release(held.peer, held);
            }
        }
        // Those whose tunnels ended at the one that vanished release them, too.
        for other in self.clients.keys().copied().collect::<Vec<_>>() {
            let (gone, kept) = std::mem::take(&mut self.client(other).held)
                .into_iter()
                .partition(|(held, _)| held.peer == addr);
            self.client(other).held = kept;
            for (held, _) in gone {
                self.release(other, held);
            }
        }
    }

    /// A server goes down for a while, if it is up. Its ledger is kept.
    fn server_ends(&mut self) {
        let addr = self.servers.addrs()[self.rng.next_u64() as usize % self.servers.addrs().len()];
        let back = self.now + SimDuration::from_millis(self.below(20_000));
        let server = self.up.get_mut(&addr).expect("a server");
        if let (incarnation, Server::Up(up)) = server {
            self.tally.server_ends += 1;
            self.tally.lost_in_backlog += up.load().lost;
            *server = (*incarnation + 1, Server::Down(up.ledger().clone()));
            self.at(back, Event::Return(addr));
        }
    }

    fn server_returns(&mut self, addr: NodeAddr) {
        if let Some((incarnation, Server::Down(ledger))) = self.up.remove(&addr) {
            let server = AddressServer::new(self.service, ledger);
            self.up.insert(addr, (incarnation, Server::Up(server)));
        }
    }

    fn arrive_at_server(&mut self, to: NodeAddr, from: NodeAddr, transaction: Transaction) {
        let now = self.now;
        if let Some((incarnation, Server::Up(server))) = self.up.get_mut(&to)
            && let Some(due) = server.arrive(now, from, transaction)
        {
            let serve = Event::Serve(to, *incarnation);
            self.at(due, serve);
        }
    }

    fn serve(&mut self, addr: NodeAddr, incarnation: u32) {
        let now = self.now;
        if let Some((current, Server::Up(server))) = self.up.get_mut(&addr)
            && *current == incarnation
        {
            let completed = server.complete(now).expect("a service ends");
            if let Some(next) = completed.next {
                self.at(next, Event::Serve(addr, incarnation));
            }
            self.transmit(|| Event::ToClient(completed.to, addr, completed.answer));
        }
    }

    fn arrive_at_client(&mut self, to: NodeAddr, from: NodeAddr, answer: Answer) {
        let (now, servers) = (self.now, self.servers.clone());
        let client = self.client(to);
        let Some(heard) = client.leases.heard(now, &servers, from, answer) else {
            return;
        };
        if !matches!(heard, Heard::Elsewhere(_)) {
            client.asked.retain(|id| *id != answer.id);
        }
        match heard {
            Heard::Elsewhere(ask) => {
                self.tally.elsewhere += 1;
                self.send(to, ask);
            }
            Heard::Leased(held) => {
                client.held.push((held, false));
                self.tally.leased += 1;
                let peer_knows = unit(&mut self.rng) < 0.8;
                if let Some((_, knows)) = self.client(to).held.last_mut() {
                    *knows = peer_knows;
                }
                self.renew_in_time(to, held);
            }
            Heard::Renewed(held) => {
                for (known, _) in client.held.iter_mut().filter(|(known, _)| known.id == held.id) {
                    *known = held;
                }
                self.renew_in_time(to, held);
            }
            Heard::Refused(_) => self.tally.exhausted += u64::from(answer.outcome == Outcome::Exhausted),
            Heard::Lost(id) => client.held.retain(|(held, _)| held.id != id),
            Heard::Released(_) => {}
        }
    }

    /// A renewal at half of what is left, and the end of the lease, if it has one.
    fn renew_in_time(&mut self, addr: NodeAddr, held: Held) {
        if held.until < SimTime::MAX {
            let incarnation = self.client(addr).incarnation;
            for time in [self.now + held.until.since(self.now) / 2, held.until] {
                self.at(time, Event::Renew(addr, incarnation, held));
            }
        }
    }

    fn renew(&mut self, addr: NodeAddr, incarnation: u32, held: Held) {
        let (now, servers) = (self.now, self.servers.clone());
        let client = self.client(addr);
        if client.incarnation != incarnation || !client.held.iter().any(|(known, _)| *known == held) {
            return;
        }
        if now >= held.until {
            client.held.retain(|(known, _)| *known != held);
        } else if let Some(ask) = client.leases.renew(now, &servers, held) {
            self.send(addr, ask);
        }
    }

    fn time_out(&mut self, addr: NodeAddr, incarnation: u32, call: CallId) {
        let (now, servers) = (self.now, self.servers.clone());
        let client = self.client(addr);
        if client.incarnation != incarnation {
            return;
        }
        let TimedOut { asks, given_up } = client.leases.timed_out(now, &servers, call);
        if let Some(id) = given_up {
            client.asked.retain(|asked| *asked != id);
            client.held.retain(|(held, _)| held.id != id);
            self.tally.given_up += 1;
        }
        for ask in asks {
            self.send(addr, ask);
        }
    }

    fn send(&mut self, from: NodeAddr, ask: Ask) {
        let incarnation = self.client(from).incarnation;
        let timeout = Event::TimeOut(from, incarnation, ask.call);
        self.at(self.now + ask.timeout, timeout);
        self.transmit(|| Event::ToServer(ask.to, from, ask.transaction));
    }

    /// A message that takes 1 to 500 ms, and may be lost or come twice.
    fn transmit(&mut self, event: impl Fn() -> Event) {
        let (lost, repeated) = (unit(&mut self.rng), unit(&mut self.rng));
        if lost >= self.rates.loss || self.quiet {
            let delay = SimDuration::from_millis(1 + self.below(500));
            self.at(self.now + delay, event());
        }
        if repeated < self.rates.repeated {
            let delay = SimDuration::from_millis(1 + self.below(5000));
            self.at(self.now + delay, event());
        }
    }

    fn at(&mut self, time: SimTime, event: Event) {
        self.events.insert((time, self.next_event), event);
        self.next_event += 1;
    }

    fn below(&mut self, most: u64) -> u64 {
        self.rng.next_u64() % most
    }

    fn any_client(&mut self) -> NodeAddr {
        let clients = self.clients.len() as u64;
        NodeAddr(FIRST_CLIENT + self.below(clients) as u32)
    }

    fn client(&mut self, addr: NodeAddr) -> &mut Client {
        self.clients.get_mut(&addr).expect("a client")
    }

    /// Every ledger is sound, and each pair that a client holds is leased to it, and to nobody else.
    fn check(&self) {
        for (addr, ledger) in self.ledgers() {
            if let Err(message) = ledger.check() {
                panic!("at {}, server {addr}: {message}", self.now);
            }
        }
        let mut seen = BTreeMap::new();
        for (addr, client) in &self.clients {
            for (held, _) in client.held.iter().filter(|(held, _)| held.until > self.now) {
                let leased = self.ledgers().any(|(server, ledger)| {
                    let mut leases = ledger.leases();
                    let is = |id, pair| id == held.id && pair == held.pair && server == held.server;
                    leases.any(|(id, lease)| is(id, lease.block.ends()))
                });
                assert!(
                    leased,
                    "at {}, {addr} holds {held:?}, which is not leased to it",
                    self.now
                );
                let other = seen.insert((held.server, held.pair), addr);
                assert_eq!(other, None, "at {}, {addr} holds {held:?} and is not alone", self.now);
            }
        }
    }
}

impl Client {
    fn new(addr: NodeAddr, incarnation: u32, streams: StreamKey) -> Self {
        let streams = streams.purpose("client").pair(addr.0, incarnation);
        Client {
            incarnation,
            leases: LeaseClient::new(addr, streams),
            asked: Vec::new(),
            held: Vec::new(),
        }
    }
}
