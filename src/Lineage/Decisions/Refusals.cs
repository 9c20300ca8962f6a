using System.Globalization;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Narration;
using Lineage.Runs;

namespace Lineage.Decisions;

/// <summary>The refusals that several deciders share, worded once.</summary>
public static class Refusals
{
    public static Decision.Refused Of(string code, int status, string title, string detail,
        params ReadOnlySpan<(string Name, object? Value)> extensions)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (name, value) in extensions) members[name] = JsonSerializer.SerializeToElement(value, CanonicalJson.Options);
        return new Decision.Refused(code, status, title, detail) { Extensions = members };
    }

    public static Decision.Refused BadRequest(string detail) => Of(ProblemCodes.BadRequest, 400, "The request is not well-formed", detail);

    public static Decision.Refused NoSuchRun(RunId run) => Of(
        ProblemCodes.NoSuchRun, 404, "No such run",
        $"There is no run {run}. Register it first (POST /v1/runs), or list what there is with 'lineage run list'.");

    public static Decision.Refused NoSuchCheckpoint(CheckpointId checkpoint) => Of(
        ProblemCodes.NoSuchCheckpoint, 404, "No such checkpoint",
        $"Checkpoint {checkpoint} was never opened. 'lineage log {checkpoint.Run}' shows what the run has saved.");

    public static Decision.Refused RunCompleted(Run run) => Of(
        ProblemCodes.RunCompleted, 409, "The run is completed",
        $"Run {run.Id} was completed at step {Number(run.Completed!.FinalStep.Value)} under generation {run.Completed.Generation} "
        + "and takes no further writer. "
        + "Train on under a new run, for example a fork of it ('lineage run fork').");

    public static Decision.Refused RunArchived(Run run) => Of(
        ProblemCodes.RunArchived, 409, "The run is archived",
        $"Run {run.Id} was archived on {Time(run.Archived!.At)} ({run.Archived.Reason}) and takes no further writer. "
        + "Nothing was changed. What it saved can still be restored; fork one of its checkpoints to train on.");

    /// <summary>Null while somebody may still write the run.</summary>
    public static Decision.Refused? TakesNoWriter(Run run) =>
        run.Archived is not null ? RunArchived(run) : run.Completed is not null ? RunCompleted(run) : null;

    /// <summary>Somebody of an older generation; recorded once on the run's stream.</summary>
    public static Decision.Refused Stale(
        Run run, Generation presented, ActorId actor, Rank? rank, string attempt, CheckpointId? checkpoint, DateTimeOffset at) =>
        Of(
            ProblemCodes.StaleGeneration, 409, "A newer generation writes the run",
            $"{actor} presented generation {presented} for {attempt}, but run {run.Id} is at generation {run.Generation}. "
            + "Nothing was changed. "
            + "Stop this process: its work goes on under the newer generation.",
            ("presented", presented), ("current", run.Generation)) with
        {
            Record = StaleRefusals.Record(run, presented, actor, rank, attempt, checkpoint, at),
        };

    public static Decision.Refused UnknownGeneration(Run run, Generation presented) => Of(
        ProblemCodes.UnknownGeneration, 409, "No such generation",
        $"Generation {presented} of run {run.Id} was never granted; the newest is {run.Generation}. Nothing was changed. Ask the service "
        + "for the run's lease first.",
        ("presented", presented), ("current", run.Generation));

    public static Decision.Refused RankOutsideWorld(Rank rank, WorldSize worldSize, string of) => Of(
        ProblemCodes.RankOutsideWorld, 409, "The rank is not part of the world",
        $"Rank {rank} reported to {of}, whose world has ranks 0-{worldSize.Value - 1}. Nothing was changed. Start the ranks with the world "
        + "size of the lease.",
        ("rank", rank), ("worldSize", worldSize));

    /// <summary>Null if <paramref name="presented"/> is the run's current generation; otherwise why it may not write.</summary>
    public static Decision.Refused? Fence(
        Run run, Generation presented, ActorId actor, Rank? rank, string attempt, CheckpointId? checkpoint, DateTimeOffset at) =>
        presented < run.Generation ? Stale(run, presented, actor, rank, attempt, checkpoint, at)
        : presented > run.Generation || presented.Value == 0 ? UnknownGeneration(run, presented)
        : null;

    public static string Number(long value) => Quantities.Number(value);

    public static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
