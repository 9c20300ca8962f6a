using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Narration;

namespace Lineage.Sanity;

/// <summary>One save, as far as the rules look at it.</summary>
/// <param name="Metrics">Recorded values by name.</param>
/// <param name="UnchangedRanks">Ranks of whose shard every chunk equals the base's.</param>
public sealed record SaveFacts(
    Candidate Save, IReadOnlyDictionary<string, double?> Metrics, IReadOnlyList<Rank> UnchangedRanks);

/// <summary>
/// What does not fit together across the saves of a run. Findings for people, never refusals: training goes on, and each may have a good
/// reason. The granularity is what the control plane knows, a rank's shard; which tensor it was, <c>lineage diff</c> tells from the bytes.
/// </summary>
public static class SanityRules
{
    /// <summary>So many saves in a row without any change are no accident.</summary>
    public const int UnchangedSaves = 3;

    /// <summary>So many times the usual is abrupt, once there are enough saves to say what is usual.</summary>
    public const int AbruptTimes = 3, UsualSaves = 5;

    /// <summary>Shorter saves differ for reasons that nobody needs to look at.</summary>
    static readonly TimeSpan SlowMin = TimeSpan.FromSeconds(5);

    /// <param name="saves">Newest saves of one run, oldest first.</param>
    /// <param name="find">A checkpoint that is not among them, of this or another run; null if there is none on record.</param>
    public static SanityReport Check(RunId run, IReadOnlyList<SaveFacts> saves, bool isWhole, Func<CheckpointId, Candidate?> find)
    {
        var byId = saves.ToDictionary(static s => s.Save.Id, static s => s.Save);
        Candidate? Known(CheckpointId id) => byId.GetValueOrDefault(id) ?? find(id);
        var findings = new List<SanityFinding>();
        foreach (var generation in saves.GroupBy(static s => s.Save.Id.Generation).OrderBy(static g => g.Key))
        {
            var own = generation.ToList();
            findings.AddRange(StepsBackwards(own));
            findings.AddRange(WorldChanged(own));
        }

        findings.AddRange(saves.Select(s => WrongBase(s.Save, Known)).OfType<SanityFinding>());
        findings.AddRange(Unchanged(saves));
        findings.AddRange(Positions(saves));
        findings.AddRange(Abrupt(saves));
        if (saves.Count > 0) findings.Add(RandomState());
        return new SanityReport(run, saves.Count, isWhole, findings);
    }

    /// <summary>Steps only grow within a generation; a writer that goes back has restored by itself, unseen.</summary>
    static IEnumerable<SanityFinding> StepsBackwards(List<SaveFacts> generation)
    {
        Candidate? newest = null;
        foreach (var save in generation.Select(static s => s.Save).OrderBy(static s => s.OpenedAt).ThenBy(static s => s.Id.Step))
        {
            if (newest is { } before && save.Id.Step < before.Id.Step)
                yield return Warn("step-backwards", save.Id,
                    $"step {Number(save.Id.Step.Value)} was saved after step {Number(before.Id.Step.Value)} under one generation: the "
                    + "writer went back without a recovery");
            else newest = save;
        }
    }

    static IEnumerable<SanityFinding> WorldChanged(List<SaveFacts> generation)
    {
        foreach (var (before, save) in generation.Zip(generation.Skip(1), static (a, b) => (a.Save, b.Save)))
        {
            if (save.WorldSize != before.WorldSize)
                yield return Warn("world-changed", save.Id,
                    $"{save.WorldSize} ranks instead of {before.WorldSize} without a new generation since {before.Id}");
            if (save.LayoutDigest != before.LayoutDigest)
                yield return Warn("layout-changed", save.Id,
                    $"layout {save.LayoutDigest.Short} instead of {before.LayoutDigest.Short} without a new generation since {before.Id}: "
                    + "tensors came, went or changed shape");
        }
    }

    /// <summary>A delta must refer to what its base holds now, and to something it descends from or that a shared layout allows.</summary>
    static SanityFinding? WrongBase(Candidate save, Func<CheckpointId, Candidate?> find)
    {
        if (save.Base is not { } edge) return null;
        if (find(edge.Checkpoint) is not { } target) return Warn("base-missing", save.Id, $"its base {edge.Checkpoint} is not on record");
        if (target.ManifestHash is not { } manifest)
            return Warn("base-unsealed", save.Id, $"its base {edge.Checkpoint} was never sealed");
        if (manifest != edge.ManifestHash)
            return Warn("base-digest", save.Id,
                $"it was encoded against manifest {edge.ManifestHash.Short} of {edge.Checkpoint}, but that one has {manifest.Short}");
        if (save.BaseRootsDigest is { } read && read != target.RootsDigest)
            return Warn("base-digest", save.Id, $"its ranks read other bytes of {edge.Checkpoint} than are on record there");
        return edge.Checkpoint.Run == save.Id.Run && edge.Checkpoint.Step > save.Id.Step
            ? Warn("base-later", save.Id, $"its base {edge.Checkpoint} is of a later step")
            : null;
    }

    /// <summary>A state that is trained changes; a shard that stays the same for several saves is frozen, or not captured anew.</summary>
    static IEnumerable<SanityFinding> Unchanged(IReadOnlyList<SaveFacts> saves)
    {
        var ranks = saves.SelectMany(static s => s.UnchangedRanks).Distinct().Order().ToList();
        var deltas = saves.Where(static s => s.Save.IsSealed && s.Save.Kind == CheckpointKind.Incremental).ToList();
        foreach (var rank in ranks)
        {
            var streak = new List<Candidate>();
            foreach (var delta in deltas)
            {
                var goesOn = delta.UnchangedRanks.Contains(rank) && (streak is not [.., var last] || last.Id.Step < delta.Save.Id.Step);
                if (!goesOn && streak.Count >= UnchangedSaves) yield return Frozen(rank, streak);
                if (!goesOn) streak.Clear();
                if (delta.UnchangedRanks.Contains(rank)) streak.Add(delta.Save);
            }

            if (streak.Count >= UnchangedSaves) yield return Frozen(rank, streak);
        }
    }

    static SanityFinding Frozen(Rank rank, List<Candidate> streak) => new(
        "unchanged", FindingSeverity.Warning, streak[^1].Id, [rank],
        $"every chunk of rank {rank}'s shard equals its base's in {Number(streak.Count)} saves in a row (steps "
        + $"{Number(streak[0].Id.Step.Value)}-{Number(streak[^1].Id.Step.Value)}): what it holds is frozen, or is not captured anew");

    static IEnumerable<SanityFinding> Positions(IReadOnlyList<SaveFacts> saves)
    {
        var closed = saves.Where(static s => s.Save.IsSealed).ToList();
        var without = closed.Where(static s => s.Metrics.GetValueOrDefault(MetricNames.DataSamples) is null).ToList();
        if (without.Count == 0) yield break;
        if (without.Count == closed.Count)
            yield return new SanityFinding("data-position", FindingSeverity.Unknown, null, [],
                $"no save has a data position ({MetricNames.DataSamples}): whether a restart repeats or skips data cannot be told");
        else
            yield return new SanityFinding("data-position", FindingSeverity.Warning, without[^1].Save.Id, [],
                $"{Quantities.Plural(without.Count, "save")} of {Number(closed.Count)} have no data position "
                + $"({MetricNames.DataSamples}), the newest is {without[^1].Save.Id}");
    }

    static IEnumerable<SanityFinding> Abrupt(IReadOnlyList<SaveFacts> saves)
    {
        foreach (var kind in saves.Select(static s => s.Save).Where(static s => s.SealedAt is not null).GroupBy(static s => s.Kind))
        {
            var before = new List<Candidate>();
            foreach (var save in kind)
            {
                if (before.Count >= UsualSaves)
                {
                    var (bytes, ticks) = (Usual(before, static s => s.StoredBytes), Usual(before, static s => Took(s).Ticks));
                    if (save.StoredBytes > bytes * AbruptTimes)
                        yield return Note("larger", save.Id,
                            $"{Quantities.Bytes(save.StoredBytes)} stored, {Quantities.Bytes(bytes)} are usual for its kind");
                    if (Took(save) > SlowMin && Took(save).Ticks > ticks * AbruptTimes)
                        yield return Note("slower", save.Id,
                            $"{Seconds(Took(save))} from open to seal, {Seconds(TimeSpan.FromTicks(ticks))} are usual for its kind");
                    before.RemoveAt(0);
                }

                before.Add(save);
            }
        }
    }

    /// <summary>Said rather than passed over: which tensors hold random state is known to whoever reads the bytes only.</summary>
    static SanityFinding RandomState() => new("random-state", FindingSeverity.Unknown, null, [],
        "whether random state and loader state are part of the saves is not known here: of the layout only the digest is on record; "
        + "'lineage shard inspect FILE' lists tensors and their roles");

    static long Usual(List<Candidate> saves, Func<Candidate, long> of)
    {
        var values = saves.Select(of).Order().ToList();
        return values[values.Count / 2];
    }

    static TimeSpan Took(Candidate save) => save.SealedAt!.Value - save.OpenedAt;

    static SanityFinding Warn(string rule, CheckpointId save, string detail) => new(rule, FindingSeverity.Warning, save, [], detail);

    static SanityFinding Note(string rule, CheckpointId save, string detail) => new(rule, FindingSeverity.Note, save, [], detail);

    static string Number(long value) => Quantities.Number(value);

    static string Seconds(TimeSpan span) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s");
}
