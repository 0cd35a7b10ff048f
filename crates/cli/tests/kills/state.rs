//! What a store holds at one moment, and whether that may be so on the way from one state to another.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::content::{self, Digest};
use crate::store::Store;
use crate::template::BESIDE;

/// All of a store that a user would miss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    default: Option<String>,
    sessions: BTreeMap<String, Session>,
    /// What lies in the trash, by its name there.
    trash: BTreeMap<String, Digest>,
    /// Archives, by name.
    archives: BTreeMap<String, Digest>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Session {
    mode: String,
    /// What the user and the system say of it.
    labels: Vec<String>,
    content: Digest,
}

impl State {
    /// Reads a store as its user does: through `perch list`.
    pub(crate) fn of(store: &Store) -> Result<Self, String> {
        let list = answer(store, "list --json")?;
        let active = answer(store, "active --json")?;
        let mut sessions = BTreeMap::new();
        for session in list.as_array().ok_or("the list is none")? {
            let id = text(session, "id");
            let content = content::of(&store.path(&id))?;
            let labels = ["name", "note", "version", "edition", "union"];
            let labels = labels.map(|label| text(session, label)).into();
            let mode = text(session, "mode");
            sessions.insert(
                id,
                Session {
                    mode,
                    labels,
                    content,
                },
            );
        }
        let mut trash = BTreeMap::new();
        for piece in answer(store, "trash list --json")?.as_array().unwrap() {
            let name = text(piece, "name");
            if piece["whole"] == true {
                let content = content::of(&store.path(&format!(".trash/{name}/session")))?;
                trash.insert(name, content);
            }
        }
        let mut archives = BTreeMap::new();
        for entry in fs::read_dir(store.path(BESIDE)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            // Everything else is a piece of one, and says so by its name.
            if name.ends_with(".tar.zst") && !name.starts_with('.') {
                archives.insert(name, content::of_archive(&path)?);
            }
        }
        // Other programs read this one alone.
        if let Ok(text) = fs::read_to_string(store.path("session.json")) {
            serde_json::from_str::<Value>(&text).map_err(|error| error.to_string())?;
        }
        Ok(Self {
            default: active["id"].as_str().map(str::to_owned),
            sessions,
            trash,
            archives,
        })
    }

    /// Whether everything in this one is there in the other one too, by content.
    pub(crate) fn is_kept_in(&self, later: &Self) -> Result<(), String> {
        if self.archives != later.archives {
            return Err(format!("an archive of {self:?} is not in {later:?}"));
        }
        let there = later.contents();
        for (content, count) in self.contents() {
            if there.get(&content).copied().unwrap_or(0) < count {
                return Err(format!("something of {self:?} is not in {later:?}"));
            }
        }
        Ok(())
    }

    /// Whether a command that leads from `before` to `after` may have been cut here.
    pub(crate) fn is_between(&self, before: &Self, after: &Self) -> Result<(), String> {
        let wrong = |what: &str| {
            Err(format!(
                "{what}:\n  before {before:?}\n  after {after:?}\n  now {self:?}"
            ))
        };
        if ![&before.default, &after.default].contains(&&self.default) {
            return wrong("another default");
        }
        let ids = [before, after, self]
            .into_iter()
            .flat_map(|state| state.sessions.keys());
        for id in ids {
            let [was, is, becomes] = [before, self, after].map(|state| state.sessions.get(id));
            if is != was && is != becomes {
                return wrong(&format!("session {id} is neither old nor new"));
            }
        }
        // What neither was there nor comes is a piece of what is being deleted or made.
        for (name, content) in &self.trash {
            let known = [before, after].map(|state| state.trash.get(name));
            if !known.contains(&Some(content)) {
                return wrong(&format!("{name} in the trash is neither old nor new"));
            }
        }
        for name in before.archives.keys().chain(self.archives.keys()) {
            let [was, is, becomes] = [before, self, after].map(|state| state.archives.get(name));
            if is != was && is != becomes {
                return wrong(&format!("{name} is neither old nor new"));
            }
        }
        // What is there before and afterwards is there all the time, in whichever place.
        let (then, there) = (after.contents(), self.contents());
        for (content, count) in before.contents() {
            let kept = count.min(then.get(&content).copied().unwrap_or(0));
            if there.get(&content).copied().unwrap_or(0) < kept {
                return wrong("something is gone");
            }
        }
        Ok(())
    }

    /// How often each content is there.
    fn contents(&self) -> BTreeMap<Digest, usize> {
        let sessions = self.sessions.values().map(|session| session.content);
        let mut count = BTreeMap::new();
        for content in sessions.chain(self.trash.values().copied()) {
            *count.entry(content).or_insert(0) += 1;
        }
        count
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn answer(store: &Store, question: &str) -> Result<Value, String> {
    let said = store.perch(question);
    match said.status {
        0 => Ok(said.json()),
        _ => Err(format!("{question}: {said:?}")),
    }
}
