//! Writes reports of made-up results into a folder, to look at: `cargo run
//! --release --example draw_demo -- FOLDER`.

use std::path::Path;

use berthlab::report::demo::Demo;
use berthlab::report::{About, render};

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/draw_demo".to_owned());
    let tasks_only = Demo { name: "tasks only".to_owned(), services: Vec::new(), ..Demo::middle() };
    let forty: Vec<String> = (1..=40).map(|it| format!("seventy-{it} % of a rather long name")).collect();
    let one_axis = Demo { axes: vec![("capacity.target_percent".to_owned(), forty)], ..Demo::middle() };
    let four = ["general", "memory-heavy", "gpu", "short of everything"].map(str::to_owned).to_vec();
    let providers = Demo { providers: four, ..Demo::small() };
    let quiet = Demo { providers: Vec::new(), hours: 1, ..Demo::small() };
    for (name, demo) in [
        ("small", Demo::small()),
        ("middle", Demo::middle()),
        ("large", Demo::large()),
        ("tasks_only", tasks_only),
        ("one_axis", one_axis),
        ("providers", providers),
        ("quiet", quiet),
        ("hostile", Demo::hostile()),
    ] {
        let folder = Path::new(&folder).join(name);
        std::fs::create_dir_all(&folder)?;
        let about = About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            experiment_file: "demo.toml".to_owned(),
            command: "berthlab run demo.toml".to_owned(),
            more: Vec::new(),
        };
        let report = render(&demo.results(), &about);
        std::fs::write(folder.join("index.html"), report.page)?;
        for chart in report.charts {
            std::fs::write(folder.join(format!("{}.svg", chart.name)), chart.svg)?;
            std::fs::write(folder.join(format!("{}.png", chart.name)), chart.png)?;
        }
        for (file, csv) in report.tables {
            std::fs::write(folder.join(file), csv)?;
        }
    }
    Ok(())
}
