//! Project Wycheproof's published vectors, through our own functions.
//!
//! Only what we do is asked for: 256-bit keys, 96-bit nonces, whole tags. Each test says how
//! many vectors it met, so that an empty run fails.

use wycheproof::TestResult::Invalid;
use wycheproof::{aead, eddsa, hkdf, keywrap, mac};

use super::cipher::{open, seal_under};
use super::derive::{expand, hmac, is_hmac};
use super::{NONCE_LENGTH, Secret, TAG_LENGTH, is_signed, unwrap_key, wrap_key};

#[test]
fn aes_256_gcm() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in set.test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in group.tests {
            let key = Secret::copied(&test.key).unwrap();
            let nonce: [u8; NONCE_LENGTH] = test.nonce[..].try_into().unwrap();
            let sealed = [&test.nonce[..], &test.ct[..], &test.tag[..]].concat();
            let opened = open(&key, &test.aad, &sealed).ok();
            let mut own = Vec::new();
            seal_under(&key, nonce, &test.aad, &test.pt, &mut own).unwrap();
            let is_own = own == sealed[NONCE_LENGTH..];
            if test.result == Invalid {
                assert!(opened.is_none() && !is_own, "{}", test.tc_id);
                bad += 1;
            } else {
                assert_eq!(opened.unwrap().as_slice(), &test.pt[..], "{}", test.tc_id);
                assert!(is_own && own.len() == test.pt.len() + TAG_LENGTH);
                good += 1;
            }
        }
    }
    assert_eq!((good, bad), (39, 27));
}

#[test]
fn aes_256_key_wrap_with_padding() {
    let set = keywrap::TestSet::load(keywrap::TestName::AesKeyWrapWithPadding).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in set
        .test_groups
        .into_iter()
        .filter(|group| group.key_size == 256)
    {
        for test in group.tests {
            let by = Secret::copied(&test.key).unwrap();
            let unwrapped = unwrap_key(&by, &test.ct).ok();
            if test.result == Invalid {
                assert!(unwrapped.is_none(), "{}", test.tc_id);
                bad += 1;
            } else {
                assert_eq!(unwrapped.unwrap().as_slice(), &test.pt[..]);
                assert_eq!(wrap_key(&by, &test.pt).unwrap(), test.ct[..]);
                good += 1;
            }
        }
    }
    assert_eq!((good, bad), (25, 69));
}

#[test]
fn hkdf_sha256() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let (mut good, mut bad) = (0, 0);
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let mut key = vec![0; test.size];
        let derived = expand(&test.salt, &test.ikm, &test.info, &mut key);
        if test.result == Invalid {
            assert!(derived.is_err(), "{}", test.tc_id);
            bad += 1;
        } else {
            derived.unwrap();
            assert_eq!(key, test.okm[..], "{}", test.tc_id);
            good += 1;
        }
    }
    assert_eq!((good, bad), (83, 3));
}

#[test]
fn hmac_sha256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in set
        .test_groups
        .into_iter()
        .filter(|group| group.tag_size == 256)
    {
        for test in group.tests {
            let holds = is_hmac(&test.key, &test.msg, &test.tag);
            assert_eq!(holds, hmac(&test.key, &test.msg)[..] == test.tag[..]);
            assert_eq!(holds, test.result != Invalid, "{}", test.tc_id);
            if holds { good += 1 } else { bad += 1 }
        }
    }
    assert_eq!((good, bad), (33, 54));
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in set.test_groups {
        for test in &group.tests {
            let signed = is_signed(&group.key.pk, &test.msg, &test.sig);
            assert_eq!(signed, test.result != Invalid, "{}", test.tc_id);
            if signed { good += 1 } else { bad += 1 }
        }
    }
    assert_eq!((good, bad), (88, 63));
}
