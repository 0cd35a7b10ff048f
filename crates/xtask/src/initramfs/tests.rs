use super::identity;

#[test]
fn the_identity_is_quoted() {
    let text = |values: [&str; 3]| identity(&values.map(Into::into));
    assert_eq!(
        text(["MiniOS", "5.1.1", "standard"]).unwrap(),
        "NAME=\"MiniOS\"\nVERSION=\"5.1.1\"\nEDITION=\"standard\"\n"
    );
    assert!(text(["Mini\"OS", "5", "x"]).is_err());
    assert!(text(["MiniOS", "$(reboot)", "x"]).is_err());
}
