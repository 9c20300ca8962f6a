using Lineage.Chains;
using Lineage.Contracts.Identity;
using Lineage.Runs;

namespace Lineage.Store;

/// <summary>Histories with everything that people decided about the line: rewinds of the run, and the runs that it descends from.</summary>
public sealed class RunHistories(HistoryReader reader, Queries queries)
{
    /// <summary>Forks of forks of forks: more are not followed, so that a damaged store ends a request and not the service.</summary>
    public const int AncestorsMax = 64;

    /// <summary>For planning a save: nothing is built on what lies behind a fork, so that is not read.</summary>
    /// <param name="run">As it was read for the decision.</param>
    public async Task<History> ForWritingAsync(Run run, Generation generation, CancellationToken ct)
    {
        var (checkpoints, turns) = await reader.ReadAsync(run.Id, ct);
        return History.ForWriting(generation, checkpoints, turns, new Course(run.Rewound ?? []));
    }

    /// <summary>As <see cref="ForWritingAsync"/>, no more of it than the plan of this save looks at.</summary>
    public Task<History> ForOpeningAsync(Run run, CheckpointId checkpoint, CancellationToken ct) =>
        reader.ForOpeningAsync(checkpoint, run.Policy, ct);

    /// <summary>As <see cref="ForRestoringAsync"/>, no more of it than the recovery looks at.</summary>
    public Task<History> ForRecoveryAsync(Run run, Generation next, WorldSize world, CancellationToken ct) =>
        run.Origin is null ? reader.ForRestoringAsync(run.Id, next, world, ct) : ForRestoringAsync(run, next, ct);

    /// <summary>Where the run stands, for what people name: the line of its newest generation, on behind a fork.</summary>
    public async Task<History> OfAsync(Run run, CancellationToken ct)
    {
        var (checkpoints, turns) = await reader.ReadAsync(run.Id, ct);
        return History.ForWriting(run.Generation, checkpoints, turns, await CourseAsync(run, ct));
    }

    public async Task<History> ForRestoringAsync(Run run, Generation next, CancellationToken ct)
    {
        var (checkpoints, turns) = await reader.ReadAsync(run.Id, ct);
        return History.ForRestoring(next, checkpoints, turns, await CourseAsync(run, ct));
    }

    async Task<Course> CourseAsync(Run run, CancellationToken ct) => new(run.Rewound ?? [], await AncestryAsync(run, AncestorsMax, ct));

    async Task<Ancestry?> AncestryAsync(Run run, int further, CancellationToken ct)
    {
        if (run.Origin is not { } from || further == 0) return null;
        var (checkpoints, turns) = await reader.ReadAsync(from.Run, ct);
        var origin = await queries.RunAsync(from.Run, ct);
        return new Ancestry(from, checkpoints, turns, origin is null ? null : await AncestryAsync(origin.State, further - 1, ct));
    }
}
