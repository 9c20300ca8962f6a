using System.Text.Json.Serialization;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Rendering;

// Shapes of JSON that a verb writes and that are no contract of the service.

/// <summary><c>show -o json</c>.</summary>
internal sealed record CheckpointWithEvents(CheckpointView Checkpoint, IReadOnlyList<LogEntry> Events)
{
    /// <summary>Names that people gave it; not written while there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Tags { get; init; }
}

/// <summary>One row of <c>log --graph -o json</c>, newest first.</summary>
/// <param name="Kind"><c>checkpoint</c>, <c>recovery</c>, <c>rewound</c>, <c>registered</c> or <c>completed</c>.</param>
/// <param name="Parent">Id of the row it descends from; null for the first.</param>
/// <param name="Alive">It lies on the history that the run would go on from.</param>
internal sealed record GraphItem(
    string Kind, string Id, string? Parent, bool Alive, CheckpointView? Checkpoint, RecoveryView? Recovery, RunView? Run)
{
    /// <summary>Of a row of kind <c>rewound</c>; not written in others.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RewindView? Rewind { get; init; }

    public static GraphItem Of(HistoryRow row) => row switch
    {
        HistoryRow.OfCheckpoint c => new("checkpoint", c.Key, c.Parent, c.Alive, c.View, null, null),
        HistoryRow.OfRecovery r => new("recovery", r.Key, r.Parent, r.Alive, null, r.View, null),
        HistoryRow.OfRewind w => new GraphItem("rewound", w.Key, w.Parent, w.Alive, null, null, null) { Rewind = w.View },
        HistoryRow.OfStart s => new("registered", s.Key, null, s.Alive, null, null, s.View),
        HistoryRow.OfEnd e => new("completed", e.Key, e.Parent, e.Alive, null, null, e.View),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
