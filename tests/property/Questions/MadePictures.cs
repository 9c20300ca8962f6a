using System.Collections.Immutable;
using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Questions;
using Lineage.Store;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Questions;

/// <summary>
/// Runs made from bytes: saves of every phase on real base plans, generations that turn back, forks. Wilder than a service would allow, so
/// that a law holds for damaged stores too.
/// </summary>
sealed class MadePictures
{
    static readonly CheckpointPhase[] Phases =
    [
        CheckpointPhase.Verified, CheckpointPhase.Verified, CheckpointPhase.Verified, CheckpointPhase.Sealed, CheckpointPhase.Quarantined,
        CheckpointPhase.Abandoned, CheckpointPhase.Expired, CheckpointPhase.Open,
    ];

    readonly Dictionary<RunId, RunPicture> runs = [];
    readonly SavePolicy policy = new(FullEvery: 4);
    RunPicture current;

    MadePictures() => current = Begin(RunId.Parse("made-0"), origin: null);

    public IReadOnlyCollection<RunPicture> Runs => runs.Values;

    public PictureSource Source => new(
        asOf: null, (run, _) => Task.FromResult(runs.GetValueOrDefault(run)),
        (run, _) => Task.FromResult<IReadOnlyList<RunId>>(
            [.. runs.Values.Where(picture => picture.Run.Origin?.Run == run).Select(static picture => picture.Run.Run)]));

    public static MadePictures Of(byte[] story)
    {
        var made = new MadePictures();
        foreach (var gene in story) made.Play(gene);
        return made;
    }

    void Play(byte gene)
    {
        var (act, choice) = (gene % 16, gene / 16);
        List<Candidate> done = [.. current.Candidates.Where(static c => c.IsSealed).OrderByDescending(static c => c.Id.Step)];
        switch (act)
        {
            case 0 when done.Count > 0: Turn(done[choice % done.Count].Id); break;
            case 1 when done.Count > 0 && runs.Count < 4:
                current = Begin(RunId.Parse($"made-{runs.Count}"), done[choice % done.Count].Id);
                break;
            default: Save(Phases[act % Phases.Length], choice); break;
        }
    }

    RunPicture Begin(RunId run, CheckpointId? origin) =>
        runs[run] = new RunPicture(new RunOutline(run, new Generation(1), origin), [], [], []);

    void Turn(CheckpointId chosen)
    {
        var next = new Generation(current.Run.Generation.Value + 1);
        Keep(current with
        {
            Run = current.Run with { Generation = next },
            Turns = [.. current.Turns, new HistoryTurn(next, RecoveryPhase.Completed, HasChoice: true, chosen)],
        });
    }

    void Save(CheckpointPhase phase, int choice)
    {
        var generation = current.Run.Generation;
        var history = current.ForWriting(generation);
        var step = (history.Candidates is [var top, ..] ? top.Id.Step.Value : 0) + 10;
        var id = new CheckpointId(current.Run.Run, generation, new Step(step));
        if (current.Checkpoints.Any(c => c.Id == id)) return;
        var basis = BasePolicy.Plan(policy, history, id, Two, Layout);
        var isSealed = phase is not (CheckpointPhase.Open or CheckpointPhase.Abandoned);
        var bytes = isSealed ? basis.Kind == CheckpointKind.Full ? 1_000L : 100 + (choice * 60) : 0;
        var candidate = new Candidate(
            id, phase, basis.Kind, basis.Parent, basis.Base, Two, Layout, isSealed ? Hash(id.ToString()) : null,
            isSealed ? Root(id, 0) : null, basis.Base is { } link ? Root(link.Checkpoint, 0) : null, [], 2_000, bytes, At(step),
            At(step + 60), isSealed ? At(step + 1) : null, phase is CheckpointPhase.Verified ? At(step + 2) : null,
            phase is CheckpointPhase.Verified ? At(step + 2) : null, phase is CheckpointPhase.Verified ? null : "so it happened");
        var metrics = choice % 3 == 0 ? null
            : ImmutableSortedDictionary.Create<string, double?>(StringComparer.Ordinal).Add("loss", choice == 4 ? null : choice % 5);
        Keep(current with
        {
            Checkpoints =
            [
                .. current.Checkpoints,
                new CheckpointOutline(candidate, isSealed ? bytes + (basis.BaseChainBytes ?? 0) : null, 1, ["disk"], metrics),
            ],
        });
    }

    void Keep(RunPicture changed) => runs[changed.Run.Run] = current = changed;
}
