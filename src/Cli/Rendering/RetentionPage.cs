using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

/// <summary><c>lineage retention</c>: what a policy means for each checkpoint, what was done, and how to take it back.</summary>
internal static class RetentionPage
{
    /// <param name="whatIf">The policy is not the run's own, so the plan cannot be applied.</param>
    public static IReadOnlyList<Line> Plan(RetentionPlan plan, bool whatIf, Screen screen)
    {
        var lines = new List<Line>(Headline(plan, screen)) { Line.Empty };
        var table = new Table(new(""), new("CHECKPOINT"), new("STATE"), new("STORED", Right: true), new("WHY"));
        foreach (var entry in plan.Entries)
        {
            var (word, tone) = Outcome(entry.Outcome);
            table.Add(
                (word, tone), (entry.Checkpoint.ToString(), Tone.Strong), Marks.Of(entry.Phase, screen.Glyphs),
                entry.StoredBytes > 0 ? Units.Bytes(entry.StoredBytes) : screen.Glyphs.None,
                (entry.Why, entry.Outcome == RetentionOutcome.Keep ? Tone.Plain : tone));
        }

        lines.AddRange(plan.Entries.Count > 0 ? table.Draw(screen) : [new Line(("No checkpoint was saved yet.", Tone.Dim))]);
        lines.Add(Line.Empty);
        lines.Add(new Line(
            $"{Units.Count(plan.Kept, "checkpoint")} kept ({Units.Bytes(plan.KeptBytes)}), ",
            ($"{plan.Expiring:N0} to expire ({Units.Bytes(plan.FreedBytes)})", plan.Expiring > 0 ? Tone.Warn : Tone.Good)).Fit(screen));
        lines.Add(Next(plan, whatIf));
        return lines;
    }

    /// <summary>The policy, one rule per line.</summary>
    public static IReadOnlyList<Line> Show(RetentionPlan plan, Screen screen)
    {
        var lines = new List<Line>(Headline(plan, screen));
        if (plan.Policy is not { } policy) return lines;
        var facts = new FactList();
        facts.Add("latest", $"{policy.Latest:N0} newest restore points");
        if (policy.Best > 0) facts.Add("best", $"{policy.Best:N0} by {policy.BestBy}, {Order(policy.BestOrder)}");
        if (policy.Daily > 0) facts.Add("daily", $"last of each of {Units.Count(policy.Daily, "day")} that have any");
        if (policy.Weekly > 0) facts.Add("weekly", $"last of each of {Units.Count(policy.Weekly, "week")} that have any");
        facts.Add("grace", $"{Units.Duration(TimeSpan.FromSeconds(policy.GraceSeconds))} to take an expiry back");
        facts.Add("at least", $"{Units.Count(policy.VerifiedMin, "verified checkpoint")}, whatever the rules say");
        facts.Add(
            "now", $"{plan.Kept:N0} kept ({Units.Bytes(plan.KeptBytes)}), {plan.Expiring:N0} to expire ({Units.Bytes(plan.FreedBytes)})");
        return [.. lines, .. facts.Draw(screen)];
    }

    public static IReadOnlyList<Line> Applied(RetentionApplied applied, Screen screen)
    {
        if (applied.Expired.Count == 0)
            return
            [
                new Line(($"Nothing of {applied.Run} is expired by plan {applied.Plan.Short}.", Tone.Dim)).Fit(screen), .. More(applied),
            ];
        var table = new Table(new("EXPIRED"), new("STORED", Right: true), new("CAN BE UNDONE UNTIL"), new("BECAUSE"));
        foreach (var gone in applied.Expired)
            table.Add(
                (gone.Checkpoint.ToString(), Tone.Strong), Units.Bytes(gone.StoredBytes),
                $"{Units.Moment(gone.ReclaimAfter)} ({Units.Age(gone.ReclaimAfter, screen.Now)})", (gone.Rule, Tone.Dim));
        return
        [
            .. table.Draw(screen), Line.Empty,
            new Line(
                $"{Units.Count(applied.Expired.Count, "checkpoint")} expired, {Units.Bytes(applied.FreedBytes)} to be reclaimed by a ",
                "keeper after that.").Fit(screen),
            .. More(applied),
            new Line(("Take it back with: ", Tone.Dim), $"lineage retention undo {applied.Run} --plan {applied.Plan}"),
        ];
    }

    public static IReadOnlyList<Line> Undone(PlanUndone undone, Screen screen)
    {
        var lines = undone.Undone.Select(id => new Line(($"{screen.Glyphs.Verified} ", Tone.Good), $"{id} is back").Fit(screen))
            .Concat(undone.TooLate.Select(id =>
                new Line(($"{screen.Glyphs.Bad} {id}: its bytes are being deleted or gone", Tone.Bad)).Fit(screen)))
            .ToList();
        lines.Add(Line.Empty);
        lines.Add(new Line(
            ("The next keeper expires them again unless the policy changes: ", Tone.Dim), $"lineage retention set {undone.Run} …"));
        return lines;
    }

    static IReadOnlyList<Line> Headline(RetentionPlan plan, Screen screen)
    {
        var dot = $" {screen.Glyphs.Dot} ";
        return
        [
            new Line(
                (plan.Run.ToString(), Tone.Strong), dot, Policy(plan.Policy), dot, ($"plan {plan.Digest.Short}", Tone.Dim)).Fit(screen),
        ];
    }

    public static string Policy(RetentionPolicy? policy)
    {
        if (policy is null) return "keeps everything";
        var rules = new List<string> { $"latest {policy.Latest:N0}" };
        if (policy.Best > 0) rules.Add($"best {policy.Best:N0} by {policy.BestBy}");
        if (policy.Daily > 0) rules.Add($"{policy.Daily:N0} daily");
        if (policy.Weekly > 0) rules.Add($"{policy.Weekly:N0} weekly");
        return $"keeps {string.Join(", ", rules)}";
    }

    static IEnumerable<Line> More(RetentionApplied applied) => applied.Remaining == 0
        ? []
        : [new Line(($"{Units.Count(applied.Remaining, "more checkpoint")} came due meanwhile; plan again.", Tone.Warn))];

    static Line Next(RetentionPlan plan, bool whatIf) => (plan.Expiring, whatIf) switch
    {
        (0, _) => new Line(("Nothing to apply.", Tone.Dim)),
        (_, true) => new Line(
            ("This policy is tried out only. Make it the run's own with: ", Tone.Dim),
            $"lineage retention set {plan.Run} {Flags(plan.Policy!)}"),
        _ => new Line(("Apply it with: ", Tone.Dim), $"lineage retention apply {plan.Run} --plan {plan.Digest}"),
    };

    static string Flags(RetentionPolicy policy)
    {
        var flags = $"--latest {policy.Latest}";
        if (policy.Best > 0) flags += $" --best {policy.Best} --by {policy.BestBy}";
        if (policy is { Best: > 0, BestOrder: MetricOrder.HigherIsBetter }) flags += " --higher-is-better";
        if (policy.Daily > 0) flags += $" --daily {policy.Daily}";
        if (policy.Weekly > 0) flags += $" --weekly {policy.Weekly}";
        return $"{flags} --grace {policy.GraceSeconds} --verified-min {policy.VerifiedMin}";
    }

    static string Order(MetricOrder order) => order == MetricOrder.LowerIsBetter ? "lower is better" : "higher is better";

    static (string, Tone) Outcome(RetentionOutcome outcome) => outcome switch
    {
        RetentionOutcome.Keep => ("keep", Tone.Good),
        RetentionOutcome.Expire => ("expire", Tone.Warn),
        RetentionOutcome.Expired => ("expired", Tone.Dim),
        _ => ("reclaim", Tone.Dim),
    };

    /// <summary><c>lineage checkpoint holders REF</c>.</summary>
    public static IReadOnlyList<Line> Holders(Holders holders, Screen screen)
    {
        var lines = new List<Line>
        {
            new Line(
                (Marks.Short(holders.Checkpoint), Tone.Strong), $" g{holders.Checkpoint.Generation} {screen.Glyphs.Dot} ",
                Marks.Of(holders.Phase, screen.Glyphs), $" {screen.Glyphs.Dot} {Units.Bytes(holders.StoredBytes)} {screen.Glyphs.Dot} ",
                holders.SafeToDelete ? ("safe to delete", Tone.Good) : ("held", Tone.Warn)).Fit(screen),
        };
        if (holders.HeldBy.Count == 0) lines.Add(new Line($"  {holders.Why}").Fit(screen));
        lines.AddRange(holders.HeldBy.Select(reason => new Line($"  {reason.Detail}").Fit(screen)));
        return lines;
    }
}
