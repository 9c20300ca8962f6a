using System.Globalization;
using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Identity;
using Lineage.Questions;
using Lineage.Restores;
using Lineage.Runs;

namespace Lineage.Bench.Record;

/// <summary>One event of the made-up history, in the order of append.</summary>
sealed record MadeEvent(string Stream, object Body, ActorId Actor, DateTimeOffset At);

/// <summary>A run as it is made: its events, and what the production folds make of them.</summary>
sealed class MadeRun(int number)
{
    readonly Dictionary<CheckpointId, Candidate> candidates = [];

    public int Number => number;

    public RunId Id { get; } = RunId.Parse(string.Create(CultureInfo.InvariantCulture, $"run-{number:0000}"));

    public List<MadeEvent> Events { get; } = [];

    public Run? State { get; private set; }

    public Dictionary<CheckpointId, Checkpoint> Checkpoints { get; } = [];

    public Dictionary<RecoveryId, Recovery> Recoveries { get; } = [];

    public IEnumerable<Candidate> Candidates => candidates.Values;

    public IEnumerable<HistoryTurn> Turns => Recoveries.Values.Select(RecoveryViews.Turn);

    public void Append(string stream, object body, ActorId actor, DateTimeOffset at)
    {
        Events.Add(new MadeEvent(stream, body, actor, at));
        switch (stream.Split('/'))
        {
            case ["run", ..]:
                State = Run.Fold(State, body);
                break;
            case ["checkpoint", ..]:
                var id = CheckpointId.Parse(stream["checkpoint/".Length..]);
                Checkpoints[id] = Checkpoint.Fold(Checkpoints.GetValueOrDefault(id), body)!;
                break;
            case ["recovery", ..]:
                var recovery = RecoveryId.Parse(stream["recovery/".Length..]);
                Recoveries[recovery] = Recovery.Fold(Recoveries.GetValueOrDefault(recovery), body)!;
                break;
        }
    }

    /// <summary>After the events of a checkpoint: what the next decisions see of it.</summary>
    public Candidate Look(CheckpointId id) => candidates[id] = Candidate.Of(Checkpoints[id]);

    public RunPicture Picture() => new(
        RunOutline.Of(State!), [.. Checkpoints.Values.Select(CheckpointOutline.Of)], [.. Turns],
        [.. Recoveries.Values.SelectMany(RestoreRate.Of)]);
}
