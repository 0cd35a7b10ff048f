use proptest::prelude::*;

use super::*;

const START: Duration = Duration::from_secs(5);

fn keys(tokens: Vec<Token>) -> Vec<Key> {
    tokens
        .into_iter()
        .map(|token| match token {
            Token::Key(key) => key,
            Token::Cursor { .. } => panic!("{token:?} is no key"),
        })
        .collect()
}

/// Everything that comes of `bytes`, and of silence afterwards.
fn all(bytes: &[u8]) -> Vec<Token> {
    let mut terminal = Keys::default();
    let mut tokens = terminal.push(bytes, START);
    tokens.extend(terminal.quiet(START + QUIET));
    tokens
}

#[test]
fn bytes_become_keys() {
    use Key::*;
    let table: &[(&[u8], &[Key])] = &[
        (b"\x1b[A", &[Up]),
        (b"\x1bOA", &[Up]),
        (b"\x1b[B", &[Down]),
        (b"\x1bOB", &[Down]),
        (b"\x1b[B\x1b[B\x1b[B", &[Down, Down, Down]),
        (b"\x1b[5~\x1b[6~", &[PageUp, PageDown]),
        (b"\x1b[H\x1bOH\x1b[1~\x1b[7~", &[Home, Home, Home, Home]),
        (b"\x1b[F\x1bOF\x1b[4~\x1b[8~", &[End, End, End, End]),
        // With Ctrl and Shift held.
        (b"\x1b[1;5A\x1b[6;2~", &[Up, PageDown]),
        (b"\r", &[Enter]),
        (b"\n", &[Enter]),
        (b"\r\n", &[Enter]),
        (b"\r\r\n\n", &[Enter, Enter, Enter]),
        (b"\n\r", &[Enter, Enter]),
        (b"\x1bOM", &[Enter]),
        (b"\x7f\x08", &[Backspace, Backspace]),
        (b"j2", &[Char('j'), Char('2')]),
        ("ä€😀".as_bytes(), &[Char('ä'), Char('€'), Char('😀')]),
        (b"\x1b", &[Escape]),
        (b"\x1b\x1b", &[Escape, Escape]),
        (b"\x1b\x1b[A", &[Escape, Up]),
        (b"\x1bx", &[Escape, Char('x')]),
        (b"\x1b\r\n", &[Escape, Enter]),
        // Nothing of ours: function keys, Insert, Tab, Ctrl-C, a mouse, half a sequence.
        (b"\x1b[[A\x1bOP\x1b[15~\x1b[2~\t\x03\x00\x1b[<0;1;1M", &[]),
        (b"\x1b[", &[]),
        (b"\x1bO", &[]),
        (b"\x1b[1;", &[]),
        // A sequence cut short by another one.
        (b"\x1b[\x1b[A", &[Up]),
        (b"\x1bO\x1b[A", &[Up]),
        (b"\x1b[[\x1b[A", &[Up]),
        // Not UTF-8: stray, cut short, too long, a surrogate, a control character.
        (b"\x80\xffa", &[Char('a')]),
        (b"\xc3a", &[Char('a')]),
        (b"\xe2\x82\x1b[A", &[Up]),
        (b"\xc0\x80\xed\xa0\x80b", &[Char('b')]),
        (b"\xc2\x9b", &[]),
    ];
    for (bytes, want) in table {
        assert_eq!(keys(all(bytes)), *want, "{}", bytes.escape_ascii());
    }
}

#[test]
fn an_arrow_on_a_slow_line_is_an_arrow() {
    let mut terminal = Keys::default();
    assert_eq!(terminal.push(b"\x1b", START), []);
    assert_eq!(terminal.deadline(), Some(START + QUIET));
    assert_eq!(terminal.quiet(START + Duration::from_millis(199)), None);
    // However late they are read: what was there in time is no silence.
    let late = START + Duration::from_millis(500);
    assert_eq!(terminal.push(b"[", late), []);
    assert_eq!(terminal.push(b"B", late), [Token::Key(Key::Down)]);
    assert_eq!(terminal.deadline(), None);
}

#[test]
fn escape_is_escape_after_silence_and_only_once() {
    let mut terminal = Keys::default();
    terminal.push(b"\x1b", START);
    let end = START + QUIET;
    assert_eq!(terminal.quiet(end), Some(Token::Key(Key::Escape)));
    assert_eq!(terminal.quiet(end + QUIET), None);
    assert_eq!(
        keys(terminal.push(b"[A", end)),
        [Key::Char('['), Key::Char('A')]
    );
}

#[test]
fn a_terminal_that_tells_its_cursor_presses_no_key() {
    let at = |row, column| Token::Cursor { row, column };
    assert_eq!(all(b"\x1b[24;80R"), [at(24, 80)]);
    assert_eq!(
        all(b"\x1b[A\x1b[40;132R2"),
        [Token::Key(Key::Up), at(40, 132), Token::Key(Key::Char('2'))]
    );
    // Beyond all bounds.
    assert_eq!(all(b"\x1b[99999;80R"), []);
    assert_eq!(all(b"\x1b[;R\x1b[24R"), []);
}

#[test]
fn endless_parameters_take_no_memory() {
    let mut terminal = Keys::default();
    terminal.push(b"\x1b[", START);
    terminal.push(&[b'1'; 100_000], START);
    let State::Sequence(kept) = &terminal.state else {
        panic!("{:?}", terminal.state);
    };
    assert!(kept.len() <= LONGEST + 1, "{}", kept.len());
    assert_eq!(terminal.push(b"~a", START), [Token::Key(Key::Char('a'))]);
}

proptest! {
    /// However the bytes are cut into reads, the keys are the same.
    #[test]
    fn reads_may_be_cut_anywhere(
        bytes in proptest::collection::vec(prop_oneof![
            any::<u8>(),
            proptest::sample::select(&b"\x1b[O;15~ABHFR\r\n\xc3\xa4\xe2\x82\xac"[..]),
        ], 0..64),
        pieces in proptest::collection::vec(1_usize..5, 64),
    ) {
        let mut terminal = Keys::default();
        let mut tokens = Vec::new();
        let mut rest = &bytes[..];
        for piece in pieces {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            tokens.extend(terminal.push(now, START));
            prop_assert_eq!(terminal.quiet(START), None);
            rest = later;
        }
        tokens.extend(terminal.push(rest, START));
        tokens.extend(terminal.quiet(START + QUIET));
        prop_assert_eq!(&tokens, &all(&bytes));
        for token in tokens {
            if let Token::Key(Key::Char(c)) = token {
                prop_assert!(!c.is_control());
            }
        }
    }

    /// Whatever came before, silence brings the next key through.
    #[test]
    fn noise_never_swallows_a_key_after_silence(
        noise in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut terminal = Keys::default();
        terminal.push(&noise, START);
        terminal.quiet(START + QUIET);
        prop_assert_eq!(terminal.push(b"\x1b[A", START + QUIET), [Token::Key(Key::Up)]);
    }
}
