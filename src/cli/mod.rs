//! What a person types and sees: the only code that knows a terminal. Results
//! go to standard output, progress and complaints to standard error.

pub mod args;

mod advise;
mod check;
mod conform;
mod diagnostics;
mod explain;
mod import;
mod lint;
mod list;
mod progress;
mod redraw;
mod run;
mod table;
mod trace;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::base::Diagnostic;
use crate::experiment::folder::FolderError;
use crate::trace::native_parquet;
use args::{Args, Command, ImportCommand};

/// How a command ended otherwise than well.
#[derive(Debug)]
pub enum Failure {
    /// What was typed asks for the impossible; exit code 2.
    Usage(String),
    /// Inputs are at fault; exit code 3.
    Input(Vec<Diagnostic>),
    /// The world is: a full disk, a folder that cannot be written; exit code 4.
    World(anyhow::Error),
    /// Everything was said already; this exit code.
    Quiet(u8),
    /// Somebody stopped it, with a word on what was kept; exit code 130.
    Interrupted(String),
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Occupied { .. } => {
                Self::Usage(format!("{error}; `--force` replaces it, `--resume` goes on with it"))
            }
            other => Self::World(other.into()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::World(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::World(error.into())
    }
}

/// Does what was typed.
pub fn main() -> ExitCode {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // What becomes a fault of a file is told as one.
        if !native_parquet::panic_is_caught() {
            tell(panic);
        }
    }));
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // Nobody left to read it: nothing to be done.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let stderr = io::stderr();
    let is_styled = stderr.is_terminal() && !no_color();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has gone: `berthlab … | head` is no failure.
        Err(Failure::World(error)) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.code();
            // If even this cannot be written, the code still says it.
            let _ = stderr.lock().write_all(failure.describe(is_styled).as_bytes());
            ExitCode::from(code)
        }
    }
}

fn dispatch(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Run(command) => run::run(command, args),
        Command::Check(command) => check::check(command, args),
        Command::Lint(command) => lint::lint(command, args),
        Command::Explain(command) => explain::explain(command),
        Command::Conform(command) => conform::conform(command),
        Command::Import(ImportCommand::Ecs(command)) => import::import_ecs(command, args),
        Command::Trace(command) => trace::trace(command),
        Command::Report(command) => redraw::redraw(command, args),
        Command::Advise(command) => advise::advise(command),
        Command::List(command) => list::list(command),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "berthlab", &mut text);
            Ok(io::stdout().write_all(&text)?)
        }
        Command::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut text)?;
            Ok(io::stdout().write_all(&text)?)
        }
    }
}

impl Failure {
    const fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Input(_) => 3,
            Self::World(_) => 4,
            Self::Quiet(code) => *code,
            Self::Interrupted(_) => 130,
        }
    }

    fn describe(&self, is_styled: bool) -> String {
        match self {
            Self::Usage(message) => format!("error: {message}\n"),
            Self::Input(found) => diagnostics::render(found, is_styled),
            Self::World(error) => format!("error: {error:#}\n"),
            Self::Quiet(_) => String::new(),
            Self::Interrupted(message) => format!("interrupted: {message}\n"),
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|it| it.downcast_ref::<io::Error>().is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe))
}

/// `NO_COLOR` with any value but the empty one (no-color.org).
#[expect(clippy::disallowed_methods, reason = "how output looks is a matter of the environment")]
fn no_color() -> bool {
    std::env::var("NO_COLOR").is_ok_and(|it| !it.is_empty())
}
