//! The two languages say the same things, each in its own words.

use super::texts;
use crate::domain::desk::{BulkAct, Order, Verdict};
use crate::domain::environment::{Act, LedBy, NotYet};
use crate::domain::incident::Fault;
use crate::domain::money::{Currency, Money};
use crate::domain::name::NameProblem;
use crate::domain::person::Locale;
use crate::domain::phase::Phase;
use crate::domain::reason::{Attention, Probe};
use crate::domain::saw::Saw;
use crate::domain::scaling::{Because, Limit, Mode, NoScaling, Share};
use crate::domain::timeline::{StepState, What};
use crate::error::{AppError, Field, Why};

const PHASES: [Phase; 8] =
    [Phase::Waiting, Phase::Building, Phase::Checking, Phase::Ready, Phase::Stopping, Phase::Stopped, Phase::Removing, Phase::Removed];

fn is_japanese(text: &str) -> bool {
    text.chars().any(|letter| matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
}

#[track_caller]
fn assert_both(english: &str, japanese: &str) {
    assert!(!english.is_empty() && !is_japanese(english), "{english}");
    assert!(is_japanese(japanese), "{japanese}");
}

#[test]
fn every_fault_has_words_in_both_while_it_lasts_and_after() {
    let (en, ja) = (&texts(Locale::En).environment, &texts(Locale::Ja).environment);
    for fault in Fault::all() {
        for is_mended in [false, true] {
            assert_both((en.incident)(fault, is_mended), (ja.incident)(fault, is_mended));
        }
        assert_ne!((en.incident)(fault, false), (en.incident)(fault, true));
    }
}

#[test]
fn phases_and_acts_have_words_in_both() {
    let (en, ja) = (&texts(Locale::En).environment, &texts(Locale::Ja).environment);
    for phase in PHASES {
        assert_both((en.phase)(phase), (ja.phase)(phase));
        assert_both(&(en.now_in_phase)(phase), &(ja.now_in_phase)(phase));
        for ahead in [None, Some(0), Some(1), Some(3)] {
            for keeps_address in [true, false] {
                assert_both(&(en.phase_means)(phase, ahead, keeps_address), &(ja.phase_means)(phase, ahead, keeps_address));
            }
        }
    }
    for act in [Act::Start, Act::Stop, Act::Scale, Act::Backups, Act::TryAgain, Act::Delete] {
        assert_both((en.act)(act), (ja.act)(act));
    }
}

#[test]
fn every_step_is_a_sentence_in_both_whatever_its_state() {
    let (en, ja) = (&texts(Locale::En).timeline, &texts(Locale::Ja).timeline);
    let boots = [
        "settings",
        "install:wordpress",
        "configure:ftp_tex",
        "configure:ssh",
        "configure:balancer",
        "check",
        "clean",
        "ready",
        "restore",
        "baseline",
        "other",
    ];
    let plain = [
        What::Asked,
        What::Image,
        What::Address,
        What::Firewall,
        What::Machine,
        What::Binding,
        What::Ready,
        What::Stop,
        What::Name,
        What::RemoveName,
        What::RemoveMachine,
        What::GiveBack,
        What::Confirm,
        What::Freeze,
        What::CopyImage,
        What::SaveImage(2),
        What::CopyAddress(2),
        What::Copy(2),
        What::Balancer,
        What::TargetGroup,
        What::Spread,
        What::BackUp(2),
        What::Rehearse(2),
        What::Leave(2),
        What::Policy { is_more: true, because: Because::Above { limit: Limit::Cpu(80), seen: 93, minutes: 3 } },
        What::Policy { is_more: false, because: Because::Below { limit: Limit::Response(500), seen: 93, minutes: 10 } },
    ];
    let steps = plain.into_iter().chain(boots.map(|step| What::Boot(step.to_owned()))).chain(Probe::ALL.map(What::Probe));
    for what in steps {
        let mut seen = vec![];
        for state in [StepState::Waiting, StepState::Now, StepState::Done, StepState::Failed] {
            let english = (en.step)(&what, state);
            assert_both(&english, &(ja.step)(&what, state));
            assert!(
                english.chars().next().is_some_and(|first| first.is_uppercase()
                    || !first.is_alphabetic()
                    || what == What::Boot("configure:balancer".to_owned())),
                "{english}"
            );
            assert!(!seen.contains(&english), "{english} says nothing about the state");
            seen.push(english);
        }
    }
}

#[test]
fn what_probes_see_is_a_sentence_in_both() {
    let path = || "/basic/".to_owned();
    let seen = [
        Saw::NoAddress,
        Saw::Unreachable,
        Saw::Refused { port: 22 },
        Saw::Silent { port: 22 },
        Saw::TooSlow { port: 80, seconds: 5 },
        Saw::HungUp { port: 80 },
        Saw::TooMuch { port: 80 },
        Saw::OtherProtocol { port: 80 },
        Saw::Status { path: path(), status: 500 },
        Saw::SentAway { to: path() },
        Saw::NotWordpress,
        Saw::OtherSite,
        Saw::DatabaseDown,
        Saw::WordpressTrouble,
        Saw::NotSetUp,
        Saw::NoPasswordAsked,
        Saw::OpenWithoutPassword,
        Saw::WrongPasswordAccepted,
        Saw::PasswordRefused,
        Saw::NotTheContainer,
        Saw::LoginRefused,
        Saw::NoDataConnection,
        Saw::CommandRefused { command: "STOR".to_owned(), reply: 553 },
        Saw::NoPdf { seconds: 20, log: vec![] },
        Saw::NotAPdf,
        Saw::OtherPdf,
        Saw::NoHostKeyReported,
        Saw::OtherHostKey,
        Saw::UnprovenHostKey,
        Saw::NoCertificateReported,
        Saw::UntrustedCertificate,
        Saw::CertificateForAnotherName,
        Saw::CertificateExpired,
        Saw::CertificateNotYetValid,
        Saw::UnprovenCertificate,
        Saw::OtherCertificate { port: 443 },
        Saw::CertificateEndsEarlier,
        Saw::CertificateEndsSoon { days: 0 },
        Saw::CertificateEndsSoon { days: 1 },
        Saw::CertificateEndsSoon { days: 9 },
        Saw::NoTls { port: 443 },
        Saw::TlsRefused { port: 443 },
        Saw::NotLedToHttps,
        Saw::SaidBeforeTls,
        Saw::Open { ports: vec![23, 3306] },
        Saw::NoNameServer,
        Saw::NameServerSilent { server: "ns1".to_owned() },
        Saw::NotItsNameServer { server: "ns1".to_owned() },
        Saw::NameUnknown { server: "ns1".to_owned() },
        Saw::NameLeadsTo { server: "ns1".to_owned(), to: "198.51.100.9".to_owned() },
        Saw::Simulated { said: "wordpress is down".to_owned() },
    ];
    for saw in seen {
        assert_both(&(texts(Locale::En).timeline.saw)(&saw), &(texts(Locale::Ja).timeline.saw)(&saw));
    }
    assert_eq!((texts(Locale::En).timeline.saw)(&Saw::Open { ports: vec![23, 3306] }), "Open, but should be closed: 23, 3306.");
}

#[test]
fn a_name_and_its_https_are_spoken_of_in_both() {
    let (en, ja) = (&texts(Locale::En).host_name, &texts(Locale::Ja).host_name);
    for why in NotYet::ALL {
        assert_both((en.not_yet)(why), (ja.not_yet)(why));
    }
    for led_by in [LedBy::AddressForNow, LedBy::Address] {
        assert_both((en.led_by)(led_by).expect("it says why"), (ja.led_by)(led_by).expect("it says why"));
    }
    let (en, ja) = (&texts(Locale::En).course, &texts(Locale::Ja).course);
    assert_both(&(en.certificates_left)(7, 50, "example.ac.jp"), &(ja.certificates_left)(7, 50, "example.ac.jp"));
    assert_both(&(en.no_certificates)(50, "example.ac.jp"), &(ja.no_certificates)(50, "example.ac.jp"));
}

#[test]
fn scaling_out_is_spoken_of_in_both() {
    let (en, ja) = (&texts(Locale::En).scaling, &texts(Locale::Ja).scaling);
    for share in Share::ALL {
        assert_both((en.share)(share), (ja.share)(share));
    }
    for why in NoScaling::ALL {
        assert_both((en.refused)(why), (ja.refused)(why));
    }
    for mode in Mode::ALL {
        assert_both((en.mode_of)(mode), (ja.mode_of)(mode));
        assert_both((en.mode_about)(mode), (ja.mode_about)(mode));
        assert_both((en.exercise)(mode), (ja.exercise)(mode));
    }
    for is_so in [true, false] {
        assert_both((en.meanwhile)(is_so), (ja.meanwhile)(is_so));
        assert_both((en.sticky)(is_so), (ja.sticky)(is_so));
        assert_both((en.make_sticky)(is_so), (ja.make_sticky)(is_so));
    }
    for balancer in [None, Some("www.c5.exp.example.ac.jp")] {
        assert_both(&(en.names)("c5", balancer), &(ja.names)("c5", balancer));
    }
    assert_eq!(((en.failed)(1), (en.failed)(2)), ("1 request failed.".to_owned(), "2 requests failed.".to_owned()));
}

#[test]
fn reasons_say_what_happened_what_was_done_and_what_next() {
    let said = || "said".to_owned();
    let reasons = [
        Attention::NoFreeAddress { used: 5, size: 5 },
        Attention::NoCapacity { said: said() },
        Attention::OverQuota { said: said() },
        Attention::CloudSilent,
        Attention::NamesSilent,
        Attention::BootStepFailed { step: "configure:wordpress".to_owned(), log: vec![] },
        Attention::MachineSilent,
        Attention::CopyFailed { machine: 2, step: "configure:wordpress".to_owned(), log: vec![] },
        Attention::CopySilent { machine: 2 },
        Attention::BalancerSilent,
        Attention::BackupFailed { machine: 2, said: "block 3 is damaged".into() },
        Attention::ProbeFails { probe: Probe::FtpTex, saw: Saw::NotAPdf },
        Attention::ImageNotBaked { step: "install:wordpress".to_owned(), log: vec![] },
        Attention::Refused { action: "start machine/1".to_owned(), said: said() },
        Attention::MachineVanished,
        Attention::Parked,
    ];
    for reason in reasons {
        let [en, ja] = [Locale::En, Locale::Ja].map(|locale| (texts(locale).environment.attention)(&reason));
        assert_both(&en.title, &ja.title);
        assert_both(&en.happened, &ja.happened);
        assert_both(en.did, ja.did);
        assert_both(en.next, ja.next);
    }
}

#[test]
fn errors_speak_to_people_in_both() {
    let whys = [
        Why::Name(NameProblem::Missing),
        Why::Name(NameProblem::TooLong),
        Why::Name(NameProblem::International),
        Why::Name(NameProblem::NotALabel),
        Why::Name(NameProblem::Reserved),
        Why::Taken,
        Why::NotAPublicKey,
        Why::NotTheName,
        Why::TooMany { most: 3 },
        Why::SameZone,
        Why::NoSuchZone,
        Why::NotMoney,
        Why::MoreThanGranted,
        Why::NotASignInName,
        Why::SignInTaken,
        Why::PasswordTooShort { least: 10 },
        Why::PasswordsDiffer,
        Why::NotACount { most: 90 },
        Why::NotPercents,
        Why::Missing,
    ];
    let invalid = whys.map(|why| AppError::Invalid { field: Field::Name, why });
    let others = [
        AppError::NotSignedIn,
        AppError::WrongPassword,
        AppError::NotFound,
        AppError::NotAllowed,
        AppError::Conflict,
        AppError::Damaged,
        AppError::OverBudget { left: Money::new(Currency::Jpy, 12_000_000), needed: Money::new(Currency::Jpy, 345_000_000) },
        AppError::NoPrice { item: "machine/t3.micro".into() },
        AppError::NoRate { currency: Currency::Eur },
        AppError::SignInAgain,
        AppError::TryAgain,
        AppError::Unexpected { reference: String::new() },
        AppError::Unexpected { reference: "k3v9x2aa".to_owned() },
    ];
    let (en, ja) = (&texts(Locale::En).trouble, &texts(Locale::Ja).trouble);
    for error in invalid.into_iter().chain(others) {
        assert_both((en.title)(&error), (ja.title)(&error));
        assert_both(&(en.error)(&error), &(ja.error)(&error));
        if let AppError::Unexpected { reference } = &error {
            assert!((en.error)(&error).contains(reference) && (ja.error)(&error).contains(reference));
        }
    }
}

#[test]
fn the_desk_speaks_in_both() {
    let (en, ja) = (&texts(Locale::En).desk, &texts(Locale::Ja).desk);
    for act in BulkAct::ALL {
        assert_both((en.act)(act), (ja.act)(act));
        assert_both(&(en.act_title)(act, "SYS-101"), &(ja.act_title)(act, "SYS-101"));
        assert_both(&(en.would)(act, 2, 3), &(ja.would)(act, 2, 3));
        for verdict in [Verdict::Does, Verdict::Already, Verdict::Cannot] {
            assert_both((en.verdict)(act, verdict), (ja.verdict)(act, verdict));
        }
    }
    for order in Order::ALL {
        assert_both((en.order_by)(order), (ja.order_by)(order));
    }
    assert_eq!((en.came)(28, 2, 0), "28 of 30 done, 2 need you.");
    assert_eq!((en.came)(1, 1, 28), "1 of 30 done, 1 needs you; the turn of 28 comes.");
    assert_eq!((ja.came)(28, 2, 0), "30件のうち28件が済みました。2件は確認が必要です。");
    assert_eq!((en.there_are)(1, 0), "1 environment");
    assert_eq!((en.there_are)(30, 1), "30 environments, 1 needs attention");
}

#[test]
fn counts_and_times_read_well() {
    let (en, ja) = (texts(Locale::En), texts(Locale::Ja));
    assert_eq!((en.environment.phase_means)(Phase::Waiting, Some(1), true), "1 environment is ahead of yours.");
    assert_eq!((ja.environment.phase_means)(Phase::Waiting, Some(3), true), "先に3件あります。");
    for (ms, english, japanese) in
        [(12, "under 0.1 s", "0.1秒未満"), (4_260, "4.2 s", "4.2秒"), (11_900, "11 s", "11秒"), (65_000, "1 min 5 s", "1分5秒")]
    {
        assert_eq!(((en.timeline.duration)(ms), (ja.timeline.duration)(ms)), (english.to_owned(), japanese.to_owned()));
    }
    assert_eq!((en.course.size)(1, 2048, 8), "1 processor, 2 GiB of memory, 8 GiB of disk");
    assert_eq!((ja.course.size)(2, 1536, 8), "プロセッサ 2 個、メモリ 1536 MiB、ディスク 8 GiB");
}
