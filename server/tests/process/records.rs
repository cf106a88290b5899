//! What an operator asks of the records, beside a running server.

use super::world::{World, class_with_noe, preau_says};

#[tokio::test]
async fn somebodys_data_is_found_given_out_and_erased() {
    let world = World::start().await;
    let teacher = world.teacher().await;
    let (_, noe, link) = class_with_noe(&teacher).await;
    assert_eq!(world.browser().open(&link).await.status, 200);
    let data = world.directory.path().join("data");
    let ask = async |words: &[&str]| preau_says(&[words, &["--data", data.to_str().unwrap()]].concat(), &[]).await;

    let (code, said, _) = ask(&["journal", "verify"]).await;
    assert_eq!((code, said.as_str()), (0, "0 entries of 0 classes hold together.\n"));
    let (code, listed, _) = ask(&["person", "list", "Noé Durand"]).await;
    assert_eq!((code, listed), (0, format!("{noe}  Noé Durand  Maths\n")));
    let (code, exported, _) = ask(&["person", "export", &noe]).await;
    let dossiers: serde_json::Value = serde_json::from_str(&exported).unwrap();
    assert_eq!((code, &dossiers[0]["invitation"]["group"], &dossiers[0]["browsers"]), (0, &"5e B".into(), &1.into()));

    let (code, said, _) = ask(&["person", "erase", &noe]).await;
    assert_eq!((code, said.as_str()), (0, "1 erased.\n"));
    let (code, _, why) = ask(&["person", "export", &noe]).await;
    assert_eq!((code, why), (1, format!("preau: {noe}: nothing is known of this person\n")));
    assert_eq!(ask(&["person", "list", "Noé Durand"]).await.0, 1);
    assert_eq!(world.browser().open(&link).await.status, 401, "nor does the link open");
    assert_eq!(ask(&["person", "export", "Noé"]).await.0, 2, "a name is no id");
}
