using System.CommandLine;
using System.CommandLine.Parsing;

namespace Lineage.Cli.Verbs;

/// <summary>Every verb of <c>lineage</c>.</summary>
internal static class CommandTree
{
    public static RootCommand Create(Globals globals)
    {
        var root = new RootCommand(
            "Lineage keeps the life of every checkpoint of a training run as events, finds the right point to restore from, " +
            "and rebuilds it bit for bit.")
        {
            RunVerbs.Status(globals),
            HistoryVerbs.Log(globals),
            HistoryVerbs.Show(globals),
            HistoryVerbs.Chain(globals),
            DiffVerb.Create(globals),
            DoctorVerb.Create(globals),
            RestoreVerb.Create(globals),
            VerifyVerb.Create(globals),
            ShardVerb.Create(globals),
            ServerVerb.Create(globals),
            LaunchVerb.Create(globals),
            AgentVerbs.Keeper(globals),
            AgentVerbs.Agent(globals),
            RunVerbs.Runs(globals),
            HistoryVerbs.Checkpoints(globals),
            MarkVerbs.Tags(globals),
            MarkVerbs.Pins(globals),
            MarkVerbs.Holds(globals),
            MarkVerbs.Metrics(globals),
            RecoveryVerbs.RestorePoints(globals),
            RecoveryVerbs.Recoveries(globals),
            RetentionVerbs.Create(globals),
            DeadLetterVerbs.Create(globals),
            DemoVerb.Create(globals),
            ChaosVerbs.Create(globals),
            GraphVerbs.Evidence(globals),
            AuditVerbs.Create(globals),
            KeyVerbs.Create(globals),
            ConfigVerb.Create(globals),
            CompletionVerb.Create(globals),
        };
        globals.AddTo(root);
        return root;
    }

    /// <summary>"lineage restore-point list": how a person types the command that was recognised.</summary>
    public static string PathOf(CommandResult result)
    {
        var names = new List<string>();
        for (SymbolResult? at = result; at is CommandResult command; at = at.Parent)
            names.Insert(0, command.Command is RootCommand ? "lineage" : command.Command.Name);
        return string.Join(' ', names);
    }
}
