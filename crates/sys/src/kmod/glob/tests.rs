use super::matches;

#[test]
fn patterns_mean_what_fnmatch_makes_of_them() {
    for (pattern, text, want) in [
        ("", "", true),
        ("", "a", false),
        ("a", "", false),
        ("*", "", true),
        ("**", "", true),
        ("?", "", false),
        ("a*b", "ab", true),
        ("a*b", "a.b.b", true),
        ("a*b", "a.b.c", false),
        ("*ab*ab*", "abab", true),
        ("*ab*ab*", "abxb", false),
        ("usb_storage", "usb-storage", true),
        ("usb-storage", "usb_storage", true),
        (
            "pci:v*d*sv*sd*bc01sc06i01*",
            "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01",
            true,
        ),
        (
            "pci:v*d*sv*sd*bc01sc08i02*",
            "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01",
            false,
        ),
        ("usb:v0781p000[0-2]d*", "usb:v0781p0002d0009dc00", true),
        ("usb:v0781p000[0-2]d*", "usb:v0781p0003d0009dc00", false),
        ("d[0-8]*", "d9", false),
        ("[!a]", "b", true),
        ("[^a]", "a", false),
        ("[]]", "]", true),
        ("[!]]", "]", false),
        ("[]x]", "x", true),
        ("[a-]", "a", true),
        ("[ab", "[ab", true),
        ("[ab", "a", false),
        ("[", "[", true),
        ("x[", "x", false),
        ("\\*", "*", true),
        ("\\*", "a", false),
        ("\\", "\\", true),
        ("é*", "éa", true),
        ("[z-a]", "m", false),
        ("virtio:d00000002v*", "virtio:d00000002v00001AF4", true),
    ] {
        assert_eq!(
            matches(pattern.as_bytes(), text.as_bytes()),
            want,
            "pattern {pattern:?}, text {text:?}"
        );
    }
}

/// The plainest definition: `*` takes nothing, or one byte and is asked again.
fn naive(pattern: &[Element], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        ([Element::Any, rest @ ..], _) => {
            naive(rest, text) || text.split_first().is_some_and(|(_, t)| naive(pattern, t))
        }
        ([Element::One(set), rest @ ..], [c, t @ ..]) => set.contains(c) && naive(rest, t),
        ([Element::One(_), ..], []) => false,
    }
}

#[derive(Clone)]
enum Element {
    Any,
    One(&'static [u8]),
}

/// Every pattern of up to five of these elements against every text of up to five letters.
#[test]
fn agrees_with_the_plain_definition_on_all_short_patterns() {
    let elements: [(&str, Element); 6] = [
        ("a", Element::One(b"a")),
        ("-", Element::One(b"_-")),
        ("?", Element::One(b"ab_-")),
        ("*", Element::Any),
        ("[ab]", Element::One(b"ab")),
        ("[!a]", Element::One(b"b_-")),
    ];
    let texts: Vec<Vec<u8>> = words(3, 5)
        .map(|word| word.into_iter().map(|i| b"ab_"[i]).collect())
        .collect();
    for word in words(elements.len(), 5) {
        let pattern: String = word.iter().map(|&i| elements[i].0).collect();
        let parsed: Vec<Element> = word.iter().map(|&i| elements[i].1.clone()).collect();
        for text in &texts {
            assert_eq!(
                matches(pattern.as_bytes(), text),
                naive(&parsed, text),
                "pattern {pattern:?}, text {:?}",
                String::from_utf8_lossy(text)
            );
        }
    }
}

/// Malformed patterns: every string of up to five of the special letters, only for termination.
#[test]
fn any_pattern_gets_an_answer() {
    let letters = b"[]!-\\*a";
    for word in words(letters.len(), 5) {
        let pattern: Vec<u8> = word.into_iter().map(|i| letters[i]).collect();
        for text in [&b""[..], b"a", b"]-a", b"[a"] {
            matches(&pattern, text);
        }
    }
}

#[test]
fn many_stars_stay_cheap() {
    let pattern = b"*a".repeat(200);
    let text = b"a".repeat(10_000);
    assert!(matches(&[&pattern[..], b"*"].concat(), &text));
    assert!(!matches(&[&pattern[..], b"*b"].concat(), &text));
}

/// All words of zero to `longest` letters, each letter below `letters`.
fn words(letters: usize, longest: u32) -> impl Iterator<Item = Vec<usize>> {
    (0..=longest).flat_map(move |len| {
        (0..letters.pow(len)).map(move |mut number| {
            (0..len)
                .map(|_| {
                    let digit = number % letters;
                    number /= letters;
                    digit
                })
                .collect()
        })
    })
}
