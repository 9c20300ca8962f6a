using System.CommandLine;

namespace Lineage.Cli.Verbs;

/// <summary><c>chaos</c>: proofs under injected faults.</summary>
internal static class ChaosVerbs
{
    public static Command Create(Globals globals) => new("chaos", "Injects faults, judges what came of it, and reports.")
    {
        ChaosSimVerb.Create(globals),
        ChaosSimVerb.Again(globals),
        ChaosSimVerbs.Replay(globals),
        ChaosSimVerbs.Shrink(globals),
        ChaosCampaignVerb.Create(globals),
        ChaosMutantsVerb.Create(globals),
        ChaosSweepVerb.Create(globals),
        ChaosSweepVerb.Die(globals),
        ChaosRunVerbs.PowerLoss(globals),
        ChaosRunVerbs.Capabilities(globals),
        ChaosReportVerbs.Report(globals),
        ChaosReportVerbs.Diff(globals),
        ChaosGatherVerb.Create(globals),
        ChaosReportVerbs.Schema(globals),
        ChaosReportVerbs.Import(globals),
        ChaosReportVerbs.Export(globals),
    };
}
