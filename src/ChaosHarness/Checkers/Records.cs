using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>One event as the judge holds it: what it says, and where and when it was written.</summary>
readonly record struct Fact<T>(long Sequence, long Version, long AtMs, T Body);

/// <summary>Everything on record about one checkpoint, sorted by kind of event and in order of version; nothing is folded.</summary>
sealed class SaveRecord(CheckpointId id, string stream)
{
    public CheckpointId Id => id;

    public string Stream => stream;

    public Fact<CheckpointOpened>? Opened { get; set; }

    public List<Fact<ShardDiffed>> Diffed { get; } = [];

    public List<Fact<ShardStored>> Stored { get; } = [];

    public List<Fact<ShardVerified>> Checks { get; } = [];

    public List<Fact<CheckpointSealed>> Seals { get; } = [];

    public List<Fact<CheckpointAbandoned>> Abandons { get; } = [];

    public List<Fact<CheckpointVerified>> Verifieds { get; } = [];

    public List<Fact<CheckpointQuarantined>> Quarantines { get; } = [];

    /// <summary>CheckpointExpired and ExpiryUndone, in order.</summary>
    public List<Fact<object>> Endings { get; } = [];

    public List<Fact<ReclaimStarted>> Reclaims { get; } = [];

    /// <summary>Times at which all its shards were written anew, so that it stands on another base or on none.</summary>
    public List<Fact<CheckpointRebased>> Rebases { get; } = [];

    /// <summary>Pins, unpins, holds and lifted holds, in order.</summary>
    public List<Fact<object>> Marks { get; } = [];

    public bool WasSealed => Seals.Count > 0;

    public bool IsSealedBy(long sequence) => Seals.Count > 0 && Seals[0].Sequence < sequence;

    public bool IsVerifiedBy(long sequence) => Verifieds.Count > 0 && Verifieds[0].Sequence < sequence;

    public bool IsQuarantinedBy(long sequence) => Quarantines.Count > 0 && Quarantines[0].Sequence < sequence;

    public bool IsReclaimedBy(long sequence) => Reclaims.Count > 0 && Reclaims[0].Sequence < sequence;

    public bool IsAbandonedBy(long sequence) => Abandons.Count > 0 && Abandons[0].Sequence < sequence;

    public bool IsExpiredBy(long sequence)
    {
        var expired = false;
        foreach (var ending in Endings)
            if (ending.Sequence < sequence) expired = ending.Body is CheckpointExpired;
        return expired;
    }

    /// <summary>What its deltas refer to now: as it was opened, or as it was written anew.</summary>
    public BaseLink? BaseNow => Rebases is [.., var last] ? last.Body.Base : Opened?.Body.Base;

    public bool WasRebasedBy(long sequence) => Rebases.Count > 0 && Rebases[0].Sequence < sequence;

    /// <summary>Whether its content was ever named so: sealed, or written anew.</summary>
    public bool HadManifest(ContentHash manifest) => (Seals is [var seal, ..] && seal.Body.ManifestHash == manifest)
        || Rebases.Exists(one => one.Body.ManifestHash == manifest);

    /// <summary>Whether a rank's shard ever had this root on record.</summary>
    public bool HadRoot(Rank rank, ContentHash root) => RootOf(rank) == root
        || Rebases.Exists(one => one.Body.Shards.Any(shard => shard.Rank == rank && shard.Root == root));

    /// <summary>Root on record for a rank: that of its first copy.</summary>
    public ContentHash? RootOf(Rank rank)
    {
        foreach (var stored in Stored)
            if (stored.Body.Rank == rank) return stored.Body.Root;
        return null;
    }
}

/// <summary>Everything on record about one recovery.</summary>
sealed class RecoveryRecord(RecoveryId id, string stream)
{
    public RecoveryId Id => id;

    public string Stream => stream;

    public Fact<RecoveryStarted>? Started { get; set; }

    public List<Fact<RestorePointChosen>> Choices { get; } = [];

    public List<Fact<RankRestored>> Restored { get; } = [];

    public List<Fact<RecoveryCompleted>> Completed { get; } = [];

    public List<Fact<RecoveryFailed>> Failed { get; } = [];

    /// <summary>The choice in force at that place of the store; null if there is none yet.</summary>
    public Fact<RestorePointChosen>? ChoiceBy(long sequence)
    {
        Fact<RestorePointChosen>? last = null;
        foreach (var choice in Choices)
            if (choice.Sequence < sequence) last = choice;
        return last;
    }

    public bool IsCompletedBy(long sequence) => Completed.Count > 0 && Completed[0].Sequence < sequence;

    public bool IsFailedBy(long sequence) => Failed.Count > 0 && Failed[0].Sequence < sequence;
}

/// <summary>Everything on record about one run.</summary>
sealed class RunRecord(RunId id, string stream)
{
    public RunId Id => id;

    public string Stream => stream;

    public Fact<RunForked>? Forked { get; set; }

    public Fact<RunCompleted>? Completed { get; set; }

    public List<Fact<LeaseGranted>> Grants { get; } = [];

    public List<Fact<RankJoined>> Joined { get; } = [];

    public List<Fact<RunRewound>> Rewinds { get; } = [];

    /// <summary>TagPlaced and TagRemoved, in order.</summary>
    public List<Fact<object>> Tags { get; } = [];

    public List<Fact<StaleGenerationRefused>> Refused { get; } = [];

    public List<SaveRecord> Saves { get; } = [];

    public Dictionary<long, RecoveryRecord> Recoveries { get; } = [];

    public bool HasRetention { get; set; }

    Dictionary<long, GenerationSaves>? generations;
    long[]? highest;

    /// <summary>Saves by generation. Ask only once all events are filed.</summary>
    public IReadOnlyDictionary<long, GenerationSaves> Generations => generations ??= Saves
        .GroupBy(static save => save.Id.Generation.Value)
        .ToDictionary(static group => group.Key, static group => new GenerationSaves([.. group], group.Max(static s => s.Id.Step.Value)));

    /// <summary>In the order in which they were filed; empty if that generation saved nothing.</summary>
    public IReadOnlyList<SaveRecord> SavesOf(long generation) => Generations.TryGetValue(generation, out var found) ? found.Saves : [];

    /// <summary>The first grant of a generation above this one; null while there is none. Ask only once all events are filed.</summary>
    public Fact<LeaseGranted>? GrantAbove(Generation generation)
    {
        highest ??= Highest();
        var place = Array.BinarySearch(highest, generation.Value + 1);
        if (place < 0) place = ~place;
        while (place > 0 && highest[place - 1] > generation.Value) place--;   // equal ones lie beside each other
        return place < Grants.Count ? Grants[place] : null;
    }

    /// <summary>Of the grants up to each one: the first grant above a generation is where this first is.</summary>
    long[] Highest()
    {
        var found = new long[Grants.Count];
        for (var i = 0; i < found.Length; i++) found[i] = Math.Max(i == 0 ? 0 : found[i - 1], Grants[i].Body.Generation.Value);
        return found;
    }
}

/// <param name="LastStep">The highest step of them.</param>
readonly record struct GenerationSaves(IReadOnlyList<SaveRecord> Saves, long LastStep);
