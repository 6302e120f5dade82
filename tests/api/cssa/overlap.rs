//! Autopay beside CSSA: nobody is debited what the department pays.

use kaifong::payments::files::AllowanceEvent::{Start, Stop};

use super::{file, full, less, partial, start_with};

#[actix_web::test]
async fn a_direct_debit_takes_what_the_department_leaves() {
    let (app, codes) = start_with(6).await;
    let text: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let mut rents = Vec::new();
    for code in &codes {
        rents.push(app.december(*code).await);
        app.mandate(*code, "autopay").await;
    }
    let text: Vec<&str> = text.iter().map(String::as_str).collect();
    let [whole, part, paid, none, most, over] = text[..] else {
        panic!("six households");
    };
    let told = [
        (Start, whole, full(&rents[0]), "2026-12"),
        (Start, part, partial("900.00"), "2026-12"),
        (Start, paid, partial("800.00"), "2026-12"),
        (Start, most, partial(&rents[4]), "2026-12"),
        // It has ended by then.
        (Start, over, full(&rents[5]), "2026-12"),
        (Stop, over, None, "2026-12"),
    ];
    let transfers = [
        ("SWD-1", paid, "800.00"),
        // Part of what is granted: the rest is still to come.
        ("SWD-2", part, "300.00"),
    ];
    app.swd_sends(&file(("2026-12", 1), &told, &transfers))
        .await;
    let prepared = app.prepared("2026-12", "autopay").await;
    let debits: Vec<_> = app
        .lines(&prepared)
        .await
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (text("tenant_code"), text("amount"))
        })
        .collect();
    let debit = |code: &str, amount: String| (code.to_owned(), amount);
    assert_eq!(
        debits,
        [
            debit(part, less(&rents[1], "900.00")),
            debit(paid, less(&rents[2], "800.00")),
            debit(none, rents[3].clone()),
            debit(over, rents[5].clone()),
        ]
    );
    let left_out = app.left_out(&prepared).await;
    assert_eq!(
        left_out,
        [
            (whole.to_owned(), "paid_by_cssa".to_owned()),
            (most.to_owned(), "nothing_due".to_owned()),
        ]
    );
    // With the file's transfers the month is paid: the tenants' parts and the department's.
    for (at, left) in [(1, "900.00"), (2, "800.00")] {
        let told = app.cssa(codes[at]).await;
        assert_eq!(told["yours"], less(&rents[at], left));
    }
}
