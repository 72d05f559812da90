//! The key for join control: text, or a file with it.

use std::{
    fs,
    io::{Error, ErrorKind},
};

use twocan_signal::join_control::JoinControl;

use super::{Secret, SettingsError};
use crate::defaults;

/// How a key in PEM begins; anything else is a secret.
const BEGIN: &str = "-----BEGIN ";

/// Makes of the key what checks tokens.
pub(super) fn join_control(given: &Secret) -> Result<JoinControl, SettingsError> {
    match read(given)?.trim() {
        "" => Err(SettingsError::EmptyAuthKey),
        key if key.starts_with(BEGIN) => Ok(JoinControl::from_public_key_pem(key)?),
        key => Ok(JoinControl::from_secret(key)),
    }
}

/// Whether the key is a secret that can be found out.
pub(super) fn is_short(given: &Secret) -> bool {
    read(given).is_ok_and(|key| {
        let key = key.trim();
        !key.starts_with(BEGIN) && key.len() < defaults::SHORT_SECRET
    })
}

/// Reads the key, from a file if `given` names one.
fn read(given: &Secret) -> Result<String, SettingsError> {
    let given = given.reveal();
    match fs::read_to_string(given) {
        Ok(content) => Ok(content),
        Err(error) if is_meant_as_file(given, &error) => {
            Err(SettingsError::AuthKeyFile(error.to_string()))
        }
        Err(_) => Ok(given.to_owned()),
    }
}

/// Whether text that cannot be read as a file was meant to be one: a path that is mistyped must not
/// become a secret that anybody can guess.
fn is_meant_as_file(text: &str, error: &Error) -> bool {
    let is_there = matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::InvalidData | ErrorKind::IsADirectory
    );
    let looks_so = text.starts_with(['/', '.', '~'])
        || [".pem", ".key", ".pub", ".txt"].iter().any(|end| text.ends_with(end));
    is_there || looks_so
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn a_key_may_be_given_as_it_is() {
        assert_eq!(kind("correct horse battery staple").unwrap(), "JoinControl(\"HS256\")");
        assert_eq!(kind(PEM).unwrap(), "JoinControl(\"EdDSA\")");
    }

    #[test]
    fn a_key_may_stand_in_a_file() {
        for (content, expected) in [("a secret\n", "HS256"), (PEM, "EdDSA")] {
            let file = File::with(content);
            assert_eq!(kind(&file.path()).unwrap(), format!("JoinControl({expected:?})"));
        }
        assert_eq!(kind(&File::with("\n").path()), Err(SettingsError::EmptyAuthKey));
    }

    #[test]
    fn the_key_may_be_short_and_not_the_name_of_its_file() {
        let short = |given: &str| is_short(&given.parse().unwrap());
        assert!(short("north"));
        assert!(!short("correct horse battery staple"));
        assert!(!short(PEM));
        // Told by its name alone, this one would be a short secret.
        assert!(!short("Cargo.toml"));
        assert!(short(&File::with("north\n").path()));
    }

    #[test]
    fn a_path_that_leads_nowhere_is_no_secret() {
        for path in ["/nowhere/key", "./nowhere", "~/nowhere", "nowhere.pem", "/"] {
            let error = kind(path).unwrap_err();
            assert!(matches!(error, SettingsError::AuthKeyFile(_)), "{path}: {error}");
        }
    }

    #[test]
    fn another_kind_of_key_is_an_error_that_says_how_to_make_one() {
        let pem = PEM.replace("PUBLIC", "PRIVATE");
        let error = kind(&pem).unwrap_err().to_string();
        assert!(error.contains("--auth-key") && error.contains("openssl"), "{error}");
        assert!(!error.contains("GPK"), "it repeats no key");
    }

    fn kind(given: &str) -> Result<String, SettingsError> {
        let control = join_control(&given.parse().unwrap())?;
        Ok(format!("{control:?}"))
    }

    /// A file for one test.
    struct File(PathBuf);

    impl File {
        fn with(content: &str) -> File {
            let name = Secret::random().unwrap();
            let path = std::env::temp_dir().join(format!("twocan-test-{}", name.reveal()));
            fs::write(&path, content).unwrap();
            File(path)
        }

        fn path(&self) -> String {
            self.0.to_str().unwrap().to_owned()
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            fs::remove_file(&self.0).unwrap();
        }
    }
}
