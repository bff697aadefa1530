//! A bill that nobody was sent: instances alone, or a line of everything.

use super::Demo;
use crate::base::Money;
use crate::record::{CommitmentRecord, CostOwner, CostShare, Ledger, LedgerLine, Meter, Quantity};

impl Demo {
    /// Of a run whose instances were there so long.
    pub(super) fn bill(&self, instance_ms: u64) -> Ledger {
        let line = |meter, item: &str, provider: &str, (units, per), price| {
            let quantity = Quantity { units, per, n_uses: 40 };
            LedgerLine::of(meter, item, quantity, Money::from_pico_usd(price), "2026-10-01")
                .with_place(provider, "eu-central-1a")
        };
        let seconds = instance_ms / 1000;
        let mut lines =
            vec![line(Meter::Ec2OnDemand, "m6i.large", "on-demand", (seconds, 3600), 115_000_000_000)];
        let mut commitments = Vec::new();
        if self.has_fargate {
            let fargate =
                |meter, seconds, price| line(meter, "Linux/X86_64", "FARGATE", (seconds, 3600), price);
            let shared = |meter, item, units, per, price| line(meter, item, "", (units, per), price);
            let hours = self.hours;
            lines.extend([
                fargate(Meter::FargateVcpu, self.n_tasks * 900, 46_560_000_000),
                fargate(Meter::FargateMemory, self.n_tasks * 1800, 5_110_000_000),
                line(Meter::EbsVolume, "gp3", "on-demand", (seconds * 30, 720 * 3600), 95_000_000_000),
                shared(Meter::LoadBalancerHour, "front", hours, 1, 27_000_000_000),
                shared(Meter::LoadBalancerCapacityUnit, "front", hours * 3, 1, 8_000_000_000),
                shared(Meter::PublicIpv4, "tasks", hours * 3, 1, 5_000_000_000),
                shared(Meter::InterZoneTransfer, "", hours * 4, 1, 10_000_000_000),
                shared(Meter::UnusedCommitment, "compute", hours, 1, 150_000_000_000),
            ]);
            commitments.push(CommitmentRecord {
                name: "compute".to_owned(),
                committed: Money::from_pico_usd(i128::from(hours) * 500_000_000_000),
                used: Money::from_pico_usd(i128::from(hours) * 350_000_000_000),
                covered_on_demand: Money::from_pico_usd(i128::from(hours) * 480_000_000_000),
                eligible_on_demand: Money::from_pico_usd(i128::from(hours) * 2_400_000_000_000),
            });
        }
        Ledger { shares: self.shares(&lines), lines, commitments, ..Ledger::default() }
    }

    /// A fifth of the instances is idle; the rest of everything is shared out
    /// equally.
    fn shares(&self, lines: &[LedgerLine]) -> Vec<CostShare> {
        let services = (0..self.services.len() as u32).map(CostOwner::Service);
        let owners: Vec<CostOwner> =
            services.chain((self.n_tasks > 0).then_some(CostOwner::StandaloneTasks)).collect();
        let mut shares = Vec::new();
        for (idx, line) in lines.iter().enumerate() {
            let share =
                |owner, pico| CostShare { line: idx as u32, owner, amount: Money::from_pico_usd(pico) };
            let whole = line.cost().pico_usd();
            let owner = if line.meter.is_of_instances() { CostOwner::Idle } else { CostOwner::Shared };
            let each = if owners.is_empty() { 0 } else { whole * 4 / 5 / owners.len() as i128 };
            shares.extend(owners.iter().map(|it| share(*it, each)));
            shares.push(share(owner, whole - each * owners.len() as i128));
        }
        shares
    }
}
