using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Rendering;

/// <summary>What a verify found, link by link and rank by rank, and the shape of its JSON.</summary>
internal sealed record VerificationView(
    CheckpointId Checkpoint, VerificationDepth Depth, bool Intact, long ReadBytes, double Seconds,
        IReadOnlyList<ShardFindingView> Findings);

internal sealed record ShardFindingView(CheckpointId Checkpoint, Rank Rank, Finding Finding, string? Detail, long ReadBytes);

internal static class VerificationPage
{
    public static IReadOnlyList<Line> Draw(VerificationView view, Screen screen)
    {
        var damaged = view.Findings.Where(static finding => finding.Finding is not Finding.Intact).ToArray();
        var table = new Table(
            new("CHECKPOINT"), new("RANK", Right: true), new("FINDING"), new("READ", Right: true), new("DETAIL"));
        foreach (var finding in view.Findings)
        {
            table.Add(
                finding.Checkpoint.ToString(), finding.Rank.ToString(), CheckpointPage.Found(finding.Finding, screen.Glyphs),
                Units.Bytes(finding.ReadBytes), (finding.Detail ?? "", Tone.Bad));
        }

        return
        [
            .. table.Draw(screen),
            Line.Empty,
            new Line(
                damaged.Length == 0
                    ? ($"{screen.Glyphs.Verified} {view.Checkpoint}: every shard of its chain is intact", Tone.Good)
                    : ($"{screen.Glyphs.Bad} {view.Checkpoint}: {Units.Count(damaged.Length, "shard")} of {view.Findings.Count} not intact",
                        Tone.Bad),
                ($"; {Word(view.Depth)} check, {Units.Bytes(view.ReadBytes)} read in {Units.Seconds(view.Seconds)}", Tone.Dim)).Fit(screen),
        ];
    }

    static string Word(VerificationDepth depth) => depth is VerificationDepth.Deep ? "deep" : "shallow";
}
