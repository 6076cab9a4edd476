//! The book of accounts under random changes.

use proptest::prelude::*;

use super::*;
use crate::access::AccountType::{IPMI, KVMIP, Redfish, WebUI};

fn record(book: &Book, name: &str, role: Role) -> Record {
    let (id, slot) = book.vacancy().unwrap_or((AccountId(0), 0));
    Record {
        id,
        name: name.into(),
        role,
        enabled: true,
        types: vec![Redfish],
        scope: Scope::All,
        slot,
        must_change_password: false,
        one_time: None,
        verifier: Verifier("$fake$".into()),
        ipmi: None,
        vnc: None,
        revision: 1,
        generation: 1,
    }
}

fn with(names: &[&str]) -> Book {
    let mut book = Book::default();
    for name in names {
        book.add(record(&book, name, Role::Administrator)).unwrap();
    }
    book
}

#[test]
fn a_slot_is_stable_and_comes_back_only_with_another_id() {
    let mut book = with(&["a", "b", "c"]);
    let slots: Vec<u8> = book.records().iter().map(|r| r.slot).collect();
    assert_eq!(slots, [2, 3, 4]);
    book.remove(AccountId(2)).unwrap();
    assert_eq!(book.get(AccountId(3)).unwrap().slot, 4);
    assert_eq!(book.vacancy().unwrap(), (AccountId(4), 3));
}

#[test]
fn the_id_of_the_newest_account_does_not_come_back_either() {
    let mut book = with(&["a", "b"]);
    book.remove(AccountId(2)).unwrap();
    assert_eq!(book.vacancy().unwrap().0, AccountId(3));
}

#[test]
fn there_are_as_many_accounts_as_slots() {
    let mut book = Book::default();
    for n in 0..62 {
        book.add(record(&book, &n.to_string(), Role::ReadOnly))
            .unwrap();
    }
    assert_eq!(book.records().last().unwrap().slot, 63);
    assert!(matches!(book.vacancy(), Err(AccountRefused::Full)));
    let more = record(&book, "more", Role::ReadOnly);
    assert!(matches!(book.add(more), Err(AccountRefused::Full)));
}

#[test]
fn two_accounts_never_have_one_name() {
    let mut book = with(&["a", "b"]);
    let twin = record(&book, "a", Role::ReadOnly);
    assert!(matches!(book.add(twin), Err(AccountRefused::NameTaken)));
    let mut renamed = book.get(AccountId(2)).unwrap().clone();
    renamed.name = "a".into();
    let refused = book.replace(renamed);
    assert!(matches!(refused, Err(AccountRefused::NameTaken)));
}

#[test]
fn whatever_makes_the_last_administrator_less_is_refused() {
    let mut book = with(&["a"]);
    let last = book.get(AccountId(1)).unwrap().clone();
    let lesser: [fn(&mut Record); 5] = [
        |record| record.enabled = false,
        |record| record.role = Role::Operator,
        |record| record.types = vec![IPMI, KVMIP],
        |record| record.types = vec![],
        |record| record.scope = Scope::Servers(vec![]),
    ];
    for make_less in lesser {
        let mut record = last.clone();
        make_less(&mut record);
        let refused = book.replace(record.clone());
        assert!(matches!(refused, Err(AccountRefused::LastAdministrator)));
        assert_eq!(book.get(AccountId(1)), Some(&last));
    }
    let refused = book.remove(AccountId(1));
    assert!(matches!(refused, Err(AccountRefused::LastAdministrator)));

    let mut by_page = last.clone();
    by_page.types = vec![WebUI];
    book.replace(by_page).unwrap();
}

#[test]
fn a_book_that_contradicts_itself_is_found_out() {
    let good = with(&["a", "b"]);
    assert_eq!(good.flaw(), None);
    let bad: [fn(&mut Book); 6] = [
        |book| book.next_id = 2,
        |book| book.records.reverse(),
        |book| book.records[1].id = AccountId(1),
        |book| book.records[1].name = "a".into(),
        |book| book.records[1].slot = 2,
        |book| book.records[1].slot = 1,
    ];
    for spoil in bad {
        let mut book = good.clone();
        spoil(&mut book);
        assert!(book.flaw().is_some(), "{book:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Add(Role, u8),
    Remove(u32),
    Enable(u32, bool),
    Role(u32, Role),
    Types(u32, Vec<AccountType>),
    Scope(u32, bool),
    Rename(u32, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let id = 1_u32..8;
    let role = || prop::sample::select(Role::ALL.to_vec());
    let types = prop::sample::subsequence(vec![Redfish, WebUI, IPMI, KVMIP], 0..=4);
    prop_oneof![
        (role(), 0_u8..9).prop_map(|(role, name)| Step::Add(role, name)),
        id.clone().prop_map(Step::Remove),
        (id.clone(), any::<bool>()).prop_map(|(id, on)| Step::Enable(id, on)),
        (id.clone(), role()).prop_map(|(id, role)| Step::Role(id, role)),
        (id.clone(), types).prop_map(|(id, types)| Step::Types(id, types)),
        (id.clone(), any::<bool>()).prop_map(|(id, all)| Step::Scope(id, all)),
        (id, 0_u8..9).prop_map(|(id, name)| Step::Rename(id, name)),
    ]
}

fn take(book: &mut Book, step: Step) -> Result<(), AccountRefused> {
    let change = |book: &mut Book, id: u32, change: &dyn Fn(&mut Record)| {
        let record = book.get(AccountId(id)).cloned();
        let mut record = record.ok_or(AccountRefused::NoSuchAccount)?;
        change(&mut record);
        book.replace(record)
    };
    match step {
        Step::Add(role, name) => book.add(record(book, &name.to_string(), role)),
        Step::Remove(id) => book.remove(AccountId(id)),
        Step::Enable(id, on) => change(book, id, &|record| record.enabled = on),
        Step::Role(id, role) => change(book, id, &|record| record.role = role),
        Step::Types(id, types) => change(book, id, &|record| record.types = types.clone()),
        Step::Scope(id, true) => change(book, id, &|record| record.scope = Scope::All),
        Step::Scope(id, false) => change(book, id, &|record| {
            record.scope = Scope::Servers(vec!["1".parse().unwrap()]);
        }),
        Step::Rename(id, name) => change(book, id, &|record| record.name = name.to_string().into()),
    }
}

proptest! {
    #[test]
    fn no_sequence_of_changes_leaves_nobody_in_charge(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut book = with(&["first"]);
        let mut ids = vec![AccountId(1)];
        for step in steps {
            let before = book.clone();
            let outcome = take(&mut book, step);
            // Said here in other words than in the code.
            let in_charge = book.records().iter().filter(|r| {
                r.enabled
                    && r.role == Role::Administrator
                    && r.scope == Scope::All
                    && (r.types.contains(&Redfish) || r.types.contains(&WebUI))
            });
            prop_assert!(in_charge.count() >= 1);
            prop_assert_eq!(book.flaw(), None);
            if outcome.is_err() {
                prop_assert_eq!(&book, &before);
            }
            for record in book.records() {
                if before.get(record.id).is_none() {
                    prop_assert!(!ids.contains(&record.id));
                    ids.push(record.id);
                }
            }
            let text = serde_json::to_vec(&book).unwrap();
            prop_assert_eq!(&serde_json::from_slice::<Book>(&text).unwrap(), &book);
        }
    }
}
