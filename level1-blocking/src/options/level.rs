//! What tells one level's binary from another's, and the command line made of it.
//!
//! The options themselves are a level's own clap struct. What every level does with them is
//! here: its defaults, the help text's layout, and the variable beside each option.

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::environment::variable;
use super::settings::{settable_name, with_default};

/// A level, as its options know it.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// The binary's name.
    pub name: &'static str,
    /// One line for the top of the help text.
    pub about: &'static str,
    /// Flags whose default is not the common one, without dashes, and that default; a
    /// repeatable flag may stand here several times.
    pub defaults: &'static [(&'static str, &'static str)],
    /// Flags whose values are never shown, without dashes. An error hides the value where its
    /// parser quotes it whole, so that parser may not quote a part of it.
    pub secrets: &'static [&'static str],
}

impl Level {
    /// The command line of this level's options `O`.
    ///
    /// # Panics
    ///
    /// When the level names a flag that `O` does not have: an error in the program.
    pub(super) fn command<O: CommandFactory>(&self) -> Command {
        let command = O::command()
            .name(self.name)
            .about(self.about)
            .long_about(None)
            .after_help(SOURCES)
            .next_line_help(true)
            .disable_help_flag(true)
            .arg(help());
        self.assert_flags_exist(&command);
        command.mut_args(|arg| self.with_own_default(arg)).mut_args(with_variable)
    }

    fn assert_flags_exist(&self, command: &Command) {
        let flags = self.defaults.iter().map(|(flag, _)| flag).chain(self.secrets);
        for flag in flags {
            let mut options = command.get_arguments();
            assert!(
                options.any(|arg| arg.get_long() == Some(flag)),
                "{} lacks --{flag}",
                self.name
            );
        }
    }

    fn with_own_default(&self, arg: Arg) -> Arg {
        let own = self.defaults.iter().filter(|(flag, _)| arg.get_long() == Some(flag));
        let values: Vec<&'static str> = own.map(|(_, value)| *value).collect();
        if values.is_empty() { arg } else { with_default(arg, values) }
    }
}

/// One help text, two lines an option; clap's own flag would spread it over four or more
/// as soon as one option of a level has a long description.
fn help() -> Arg {
    Arg::new("help").short('h').long("help").action(ArgAction::HelpShort).help("Print help")
}

/// Adds the option's variable to its help text.
fn with_variable(arg: Arg) -> Arg {
    let Some(variable) = settable_name(&arg).map(variable) else {
        return arg;
    };
    let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{text} [env: {variable}]").trim_start().to_owned())
}

/// The end of the help text.
const SOURCES: &str = "\
A flag wins over its variable, that over the file named by --config, that over the default.
In the file, keys are the options' names: head-timeout = \"10s\". A list sets an option that
may be repeated; a variable separates its values by commas.";
