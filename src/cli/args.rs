//! What was typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::experiment::memory;

/// Says what an Amazon ECS setting will cost, how many instances it takes and
/// how available its services are, before anything is deployed.
#[derive(Parser, Debug)]
#[command(name = "berthlab", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 findings or failed cases, 2 usage, 3 bad input, 4 the world (disk full, unwritable), 130 interrupted."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// No progress, no hints
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Play an experiment and write its report
    Run(RunArgs),
    /// Check input files and name every fault at once
    Check(CheckArgs),
    /// Find problems that no validator sees, each with the smallest change that frees it
    Lint(LintArgs),
    /// Say why a task landed where it did or waits, or what a lifecycle policy takes and why
    Explain(ExplainArgs),
    /// Run documented-behaviour cases and name each that comes out otherwise
    Conform(ConformArgs),
    /// Make an experiment of a cluster as AWS describes it
    #[command(subcommand)]
    Import(ImportCommand),
    /// Import, generate, fit or describe traces
    #[command(subcommand)]
    Trace(TraceCommand),
    /// Draw the report of a result again
    Report(ReportArgs),
    /// Name the cheapest setting of a result: that holds a target of availability, or as a fleet for its tasks
    Advise(AdviseArgs),
    /// Name what there is, one line each
    List(ListArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// How results are printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutputFormat {
    /// Tables for people
    Text,
    /// One JSON document
    Json,
    /// One row a run
    Csv,
}

/// `berthlab run`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  berthlab run workloads/quickstart.toml
  berthlab run web.toml --set service.web.desired_count=80 --replicates 10
  berthlab run web.toml --dry-run
  berthlab run web.toml --resume          # go on after an interruption")]
pub struct RunArgs {
    /// The experiment, a TOML file; its paths are relative to it
    pub experiment: PathBuf,
    /// Where to write [default: reports/NAME]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Set any field of the experiment; repeatable
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub overrides: Vec<String>,
    /// Threads [default: one a core]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Memory that runs may take together, such as 512M or 8G [default: nine tenths of what is free]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub memory: Option<u64>,
    /// The experiment's seed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Runs of each setting
    #[arg(long, value_name = "N")]
    pub replicates: Option<u32>,
    /// Say what would be played, and play nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take over the finished runs of an interrupted experiment
    #[arg(long)]
    pub resume: bool,
    /// Replace a result that is already there
    #[arg(long, conflicts_with = "resume")]
    pub force: bool,
    /// How to print the outcome
    #[arg(long, value_enum, default_value = "text")]
    pub format: OutputFormat,
}

fn parse_memory(text: &str) -> Result<u64, String> {
    memory::parse_size(text).ok_or_else(|| "expected a size such as 512M or 8G".to_owned())
}

/// `berthlab check`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  berthlab check web.toml traces/web.csv task-definitions/web.json")]
pub struct CheckArgs {
    /// Experiments and profiles (.toml), ECS documents and policies (.json), cluster queries (.cql), traces (.csv, .parquet) and load series (.csv)
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
}

/// `berthlab lint`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  berthlab lint web.toml
  berthlab lint web.toml --format json

Exit codes: 0 nothing found, 1 findings, 3 bad input.")]
pub struct LintArgs {
    /// Experiments (.toml); every setting is looked at, nothing is played
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
}

/// How findings are printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckFormat {
    /// For people; faults of inputs on standard error
    Text,
    /// One JSON document on standard output
    Json,
}

/// `berthlab explain`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  berthlab explain web.toml --task web/17        # what service `web` launches after 17 others
  berthlab explain web.toml --task task/123      # the arrival with 123 before it
  berthlab explain web.toml --task web/0 --run 3 --set service.web.desired_count=80
  berthlab explain web.toml --repository team/web --at 26h      # what its lifecycle policy takes next")]
pub struct ExplainArgs {
    /// The experiment, a TOML file; its paths are relative to it
    pub experiment: PathBuf,
    /// Which task: SERVICE/NUMBER or task/NUMBER, counted from 0
    #[arg(long, value_name = "ID", required_unless_present = "repository", conflicts_with = "repository")]
    pub task: Option<String>,
    /// A repository: what its lifecycle policy does to each image, and by which rule
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// With --repository: when the policy is carried out at the earliest, such as 26h [default: 0s]
    #[arg(long, value_name = "TIME", requires = "repository", conflicts_with = "task")]
    pub at: Option<String>,
    /// Which run of the matrix, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub run: usize,
    /// Set any field of the experiment; repeatable
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub overrides: Vec<String>,
    /// The experiment's seed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
}

/// `berthlab conform`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  berthlab conform conformance/placement.json
  berthlab conform conformance            # every .json file of a folder

Ends with 1 if a case failed, with 3 if a file is at fault or asks for what is not there yet.")]
pub struct ConformArgs {
    /// Files of cases, or folders with them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How to print what came out
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
}

/// `berthlab import …`
#[derive(Subcommand, Debug)]
pub enum ImportCommand {
    /// From what `aws ecs describe-…` printed as JSON
    Ecs(ImportEcsArgs),
}

/// `berthlab import ecs`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  aws ecs describe-services --cluster web --services a b > services.json
  aws ecs describe-task-definition --task-definition a > a.json
  berthlab import ecs services.json a.json b.json instances.json tasks.json -o web.toml")]
pub struct ImportEcsArgs {
    /// Answers of describe-services, describe-task-definition, describe-container-instances,
    /// describe-capacity-providers, describe-clusters and describe-tasks, in any order
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The experiment to write; task definitions go to a folder beside it
    #[arg(short, long, value_name = "EXPERIMENT")]
    pub output: PathBuf,
    /// Which cluster, where the files describe several [default: the one with the most services]
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// Replace files that are already there
    #[arg(long)]
    pub force: bool,
}

/// `berthlab trace …`
#[derive(Subcommand, Debug)]
pub enum TraceCommand {
    /// Turn a public trace into the lab's own form
    Import {
        /// The format: see `berthlab list formats`
        format: String,
        /// The trace
        file: PathBuf,
        /// Where to write: Parquet if it ends in .parquet, else CSV
        #[arg(short, long, value_name = "OUT")]
        output: PathBuf,
    },
    /// Draw a trace from a profile
    Generate {
        /// The profile, such as workloads/profiles/azure-vm-2017.toml
        profile: PathBuf,
        /// How long it is
        #[arg(long, default_value = "24h")]
        horizon: String,
        /// How many times as many tasks as the profile has
        #[arg(long, default_value_t = 1.0)]
        scale: f64,
        /// The seed
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Where to write: Parquet if it ends in .parquet, else CSV
        #[arg(short, long, value_name = "OUT")]
        output: PathBuf,
    },
    /// Fit a profile to a trace or a load series
    Fit {
        /// The trace or series
        file: PathBuf,
        /// Where to write
        #[arg(short, long, value_name = "OUT")]
        output: PathBuf,
    },
    /// Statistics of a trace
    Describe {
        /// The trace
        file: PathBuf,
    },
}

/// `berthlab report`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  berthlab report reports/web
  berthlab report reports/web --infracost infracost-usage.yml              # of the cheapest setting
  berthlab report reports/web --infracost infracost-usage.yml --setting 3

The usage of a month of 730 hours: means over the replicates, scaled from the measured time. Names in the file are
those of the experiment; Infracost looks usage up by the addresses of a Terraform plan.")]
pub struct ReportArgs {
    /// The folder of a result
    pub folder: PathBuf,
    /// Instead of the report, write an Infracost usage file here
    #[arg(long, value_name = "FILE")]
    pub infracost: Option<PathBuf>,
    /// Of which setting: its number in the tables [default: the cheapest]
    #[arg(long, value_name = "N", requires = "infracost")]
    pub setting: Option<usize>,
}

/// `berthlab advise`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  berthlab advise reports/web --availability 99.9
  berthlab advise reports/web --availability 99.95 --metric availability_percent --format json
  berthlab advise reports/web --availability 99.9 --confidence 99 --format csv
  berthlab advise reports/batch                     # the cheapest fleet for the same tasks

A setting holds the target if the lower end of its interval over the replicates is at or above it. One whose
rollouts deadlock does not. Without a target, the cheapest setting for the stand-alone tasks is named, among those
that place as many of them, with its distance to the lower bound.")]
pub struct AdviseArgs {
    /// The folder of a result
    pub folder: PathBuf,
    /// The target, in percent [default: none, the cheapest fleet for the tasks is named]
    #[arg(long, value_name = "PERCENT", allow_negative_numbers = true)]
    pub availability: Option<String>,
    /// Of what [default: requests served where some are sent, else availability]
    #[arg(long, value_enum, requires = "availability")]
    pub metric: Option<AdviseMetric>,
    /// Confidence of the intervals, in percent
    #[arg(long, value_name = "PERCENT", default_value = "95", allow_negative_numbers = true)]
    pub confidence: String,
    /// How to print the answer
    #[arg(long, value_enum, default_value = "text")]
    pub format: OutputFormat,
}

/// What a setting must hold.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
#[value(rename_all = "snake_case")]
pub enum AdviseMetric {
    /// Healthy tasks over desired ones
    AvailabilityPercent,
    /// Requests served over those sent
    RequestsServedPercent,
}

/// `berthlab list`
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  berthlab list strategies
  berthlab list instance-types --region us-east-1 --filter m7g
  berthlab list prices --region eu-west-1 --filter fargate")]
pub struct ListArgs {
    /// What to name
    pub kind: ListKind,
    /// Only what has this in its name
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Of instance types and prices: only this region's
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// What can be named.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListKind {
    /// Placement strategies
    Strategies,
    /// Placement constraints
    Constraints,
    /// Deployment controllers
    Controllers,
    /// Metrics: the columns of the results
    Metrics,
    /// Charts of the report
    Charts,
    /// What can break: kinds of `[[disruption]]`
    Disruptions,
    /// When an agent pulls an image that is there: its image pull behaviors
    PullBehaviors,
    /// What `berthlab lint` looks for
    Lints,
    /// Trace formats
    Formats,
    /// Instance types with size, prices and how often Spot is interrupted
    InstanceTypes,
    /// Prices with their days, under the names that price files use
    Prices,
    /// Model choices with their defaults
    Options,
}
