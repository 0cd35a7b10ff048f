//! `perch diff` over a session that a real overlayfs wrote.

use crate::store::assert_refused;
use crate::union::Union;

/// One of each kind of change.
const CHANGES: &str = r"
echo changed > etc/edited; touch -d '2020-01-01' etc/edited
rm etc/gone
chmod 4755 usr/bin/tool
rm -r var/cache/app; mkdir var/cache/app; echo new > var/cache/app/three
rm -r opt/old; echo file > opt/old
mkdir -p srv/new; head -c 3000 /dev/zero > srv/new/large
printf x > srv/$(printf 'a\033[2Jb\nc')
ln -s large srv/new/link
cp -p etc/kept etc/k; mv etc/k etc/kept
";

const LINES: &str = r"
 changed      +1.0B  /etc/edited  (content, time)
 deleted      -5.0B  /etc/gone
!changed             /usr/bin/tool  (permissions)
 replaced            /var/cache/app/
 added         4.0B  /var/cache/app/three
 retyped      +5.0B  /opt/old  (file, was directory)
 added               /srv/
 added         1.0B  /srv/a\u{1b}[2Jb\nc
 added               /srv/new/
 added         2.9KB  /srv/new/large
 added               /srv/new/link  (symbolic link)
";

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_by_key(|line| line.split_once("  /").map(|(_, path)| path));
    lines
}

#[test]
fn privileged_what_a_session_changed_is_told_against_its_bundles() {
    let union = Union::after(CHANGES);
    let said = union.perch("diff 1 --bundles bundles");
    let text = said.ok();
    let (list, sums) = text.split_once("\n\n").unwrap();
    let want: Vec<String> = sorted(LINES).iter().map(spaced).collect();
    let got: Vec<String> = list.lines().map(spaced).collect();
    assert_eq!(got, want, "{text}");
    assert!(sums.starts_with("session 1 changed 11 entries\n"), "{sums}");
    assert!(sums.contains("1 with the rights of another user"), "{sums}");
    let summary = union.perch("diff 1 --bundles bundles --summary").ok();
    assert_eq!(summary, sums);
    let by_size = union.perch("diff 1 /srv --bundles bundles --by-size").ok();
    assert!(by_size.lines().next().unwrap().ends_with("/srv/new/large"));
    let json = union.perch("diff 1 etc --bundles bundles --json").json();
    assert_eq!(json["bundles"][0], "modules/50-more.sb");
    assert_eq!(json["count"], 2);
    assert_eq!(json["changes"][0]["path"], "/etc/edited");
    assert_eq!(json["changes"][0]["change"], "changed");
    assert_eq!(json["changes"][0]["aspects"][0], "content");
    assert_eq!(json["summary"]["deleted"]["count"], 1);
}

/// Without bundles, and in a container, which holds the same.
#[test]
fn privileged_containers_tell_the_same_and_without_bundles_marks_are_listed() {
    let union = Union::after(CHANGES);
    let native = union.perch("diff 1 --bundles bundles").ok();
    for (id, mode) in [(2, "raw"), (3, "dynfilefs")] {
        union.perch(&format!("create {mode} 64")).ok();
        let disk = match mode {
            "raw" => format!("mount -o loop changes/{id}/changes.img mnt/core"),
            _ => format!(
                "mkdir -p served; {} dynfilefs mount changes/{id}/changes.dat served; mount -o loop served/virtual.dat mnt/core",
                env!("CARGO_BIN_EXE_perch")
            ),
        };
        let end = match mode {
            "raw" => String::new(),
            _ => format!("{} dynfilefs umount served", env!("CARGO_BIN_EXE_perch")),
        };
        union
            .shell(&format!(
                "{disk}; cp -a changes/1/changes mnt/core; mkdir mnt/core/workdir; umount mnt/core; {end}"
            ))
            .ok();
        let told = union.perch(&format!("diff {id} --bundles bundles")).ok();
        let native = native.replace("session 1", &format!("session {id}"));
        assert_eq!(told, native, "{mode}");
    }
    let alone = union.perch("diff 1");
    assert!(alone.err.contains("no bundles mounted"), "{alone:?}");
    let text = alone.ok();
    let lines: Vec<String> = text.lines().map(spaced).collect();
    assert!(lines.contains(&"deleted /etc/gone".to_owned()), "{text}");
    assert!(
        lines.contains(&"replaced /var/cache/app/".to_owned()),
        "{text}"
    );
    assert!(
        lines.contains(&"!present 4.9KB /usr/bin/tool".to_owned()),
        "{text}"
    );
    assert_refused(&union.perch("diff 9 --json"), 1, "not-found");
    assert_refused(
        &union.perch("diff 1 --bundles changes --json"),
        1,
        "no-bundles",
    );
    assert_refused(&union.perch("diff x --json"), 2, "invalid-id");
}

fn spaced(line: impl AsRef<str>) -> String {
    line.as_ref()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
