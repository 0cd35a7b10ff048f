//! The order in which mounts, loop devices and servers go.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Device, Facts, LOOP_MAJOR, Mounted, OWN, STACKED, Tree, is_in_memory};

/// Something to be undone: an index into the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// One of the mounts.
    Mount(usize),
    /// One of the loop devices.
    Loop(usize),
    /// One of the servers.
    Server(usize),
}

/// What decides between things that could all go next; the smallest goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Whether it is one of those that were carried out of the union, which goes before.
    late: bool,
    /// Whether it shows nobody else's files.
    plain: bool,
    /// How many come later in the kernel's table: the newest goes first.
    age: usize,
    /// Its place in the list of nodes, so that no two keys are the same.
    node: usize,
}

/// Everything that has to go, each after all that needs it. What is `late` never goes before the others, and what
/// holds itself up in a circle goes in the order of the table, the newest first.
pub(super) fn order(
    facts: &Facts,
    tree: &Tree,
    old_root: &Path,
    late: impl Fn(usize) -> bool,
) -> Vec<Node> {
    let graph = Graph::of(facts, tree, old_root, &late);
    let mut needed_by = vec![0_usize; graph.nodes.len()];
    for &(_, after) in &graph.edges {
        if let Some(count) = needed_by.get_mut(after) {
            *count += 1;
        }
    }
    let mut waiting: BTreeSet<Key> = graph.nodes.iter().map(|(_, key)| *key).collect();
    let mut ready: BTreeSet<Key> = waiting
        .iter()
        .filter(|key| needed_by.get(key.node) == Some(&0))
        .copied()
        .collect();
    let mut order = Vec::with_capacity(graph.nodes.len());
    while let Some(key) = ready.pop_first().or_else(|| waiting.first().copied()) {
        if !waiting.remove(&key) {
            continue;
        }
        order.extend(graph.nodes.get(key.node).map(|(node, _)| *node));
        for after in graph.after(key.node) {
            if let Some(count) = needed_by.get_mut(after) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.extend(graph.nodes.get(after).map(|(_, key)| *key));
                }
            }
        }
    }
    order
}

struct Graph {
    nodes: Vec<(Node, Key)>,
    /// Pairs: the first goes before the second. Sorted.
    edges: BTreeSet<(usize, usize)>,
}

impl Graph {
    fn of(facts: &Facts, tree: &Tree, old_root: &Path, late: &impl Fn(usize) -> bool) -> Self {
        let mut graph = Self {
            nodes: Vec::new(),
            edges: BTreeSet::new(),
        };
        let goes = goes(facts, tree, late);
        let count = facts.mounts.len();
        let mut node_of = BTreeMap::new();
        let mut of_device: BTreeMap<Device, Vec<usize>> = BTreeMap::new();
        for (index, mount) in facts.mounts.iter().enumerate() {
            if goes.get(index) == Some(&true) {
                let plain = !STACKED.contains(&mount.fs_type.as_str());
                let node = graph.add(Node::Mount(index), late(index), plain, count - index);
                node_of.insert(index, node);
                of_device.entry(mount.device).or_default().push(node);
            }
        }
        for (&index, &node) in &node_of {
            let parent = tree.parents.get(index).copied().flatten();
            if let Some(&parent) = parent.and_then(|parent| node_of.get(&parent)) {
                graph.edges.insert((node, parent));
            }
        }
        let mounts = |device: Device| of_device.get(&device).map_or(&[][..], Vec::as_slice);
        let root = |mount: &Mounted| mount.target == old_root;
        let root = facts.mounts.iter().position(root);
        let mut loops = BTreeMap::new();
        for (index, device) in facts.loops.iter().enumerate() {
            let users = mounts((LOOP_MAJOR, device.number));
            let late = users.iter().any(|user| graph.is_late(*user));
            let node = graph.add(Node::Loop(index), late, true, 0);
            loops.insert(device.number, node);
            graph.link_all(users, node);
            for &backing in mounts(device.on) {
                graph.link(node, backing);
            }
            // A file that was opened through the union holds it up, though it lies elsewhere.
            if let Some(&root) = root.and_then(|root| node_of.get(&root)) {
                graph.link(node, root);
            }
        }
        for (index, server) in facts.servers.iter().enumerate() {
            let node = graph.add(Node::Server(index), true, true, 0);
            if let Some(&user) = loops.get(&server.on_loop) {
                graph.edges.insert((user, node));
            }
            // Its parts may lie on any disk.
            for (&index, &mount) in &node_of {
                let on_disk = facts.mounts.get(index).is_some_and(is_on_disk);
                if on_disk && graph.is_late(mount) {
                    graph.edges.insert((node, mount));
                }
            }
        }
        graph
    }

    fn add(&mut self, what: Node, late: bool, plain: bool, age: usize) -> usize {
        let node = self.nodes.len();
        let key = Key {
            late,
            plain,
            age,
            node,
        };
        self.nodes.push((what, key));
        node
    }

    fn is_late(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|(_, key)| key.late)
    }

    /// `before` goes first, unless it was carried out of the union and the other one was not.
    fn link(&mut self, before: usize, after: usize) {
        if self.is_late(after) || !self.is_late(before) {
            self.edges.insert((before, after));
        }
    }

    fn link_all(&mut self, before: &[usize], after: usize) {
        for &before in before {
            self.link(before, after);
        }
    }

    fn after(&self, node: usize) -> impl Iterator<Item = usize> {
        self.edges
            .range((node, 0)..=(node, usize::MAX))
            .map(|(_, after)| *after)
    }
}

/// Which mounts have to go: all but those that the shutdown lives in, and those in memory that hold up
/// nothing.
fn goes(facts: &Facts, tree: &Tree, late: &impl Fn(usize) -> bool) -> Vec<bool> {
    let stays = |index: usize, mount: &Mounted| {
        !late(index) && OWN.iter().any(|own| mount.target == Path::new(own))
    };
    let mut goes = vec![false; facts.mounts.len()];
    // From each mount that must go, everything attached to it must too.
    let mut left: Vec<usize> = Vec::new();
    for (index, mount) in facts.mounts.iter().enumerate() {
        if !stays(index, mount) && !is_in_memory(&mount.fs_type) {
            left.push(index);
        }
    }
    while let Some(index) = left.pop() {
        if let Some(mark) = goes.get_mut(index)
            && !std::mem::replace(mark, true)
        {
            // What was carried out is attached to it no more.
            let children = tree.children(index).iter();
            left.extend(children.filter(|child| late(**child) == late(index)));
        }
    }
    goes
}

/// Whether a server's parts may lie there: neither a view of other mounts nor on a loop device.
fn is_on_disk(mount: &Mounted) -> bool {
    mount.device.0 != LOOP_MAJOR
        && !STACKED.contains(&mount.fs_type.as_str())
        && !is_in_memory(&mount.fs_type)
}
